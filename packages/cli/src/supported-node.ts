/** The oldest supported version of Node, as in package.json. */
const OLDEST: readonly [number, number] = [22, 15];

/** Ends the process with one line if its Node is too old, before modules are loaded that it could not parse. */
export function requireSupportedNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  process.stderr.write(`heapray: needs Node ${OLDEST.join('.')} or newer; this is ${version}\n`);
  process.exit(1);
}
