/** Oldest supported Node version, as major and minor. */
const OLDEST: readonly [number, number] = [22, 15];

/** The fields of `process.versions` that identify the runtime. */
export interface RuntimeVersions {
  readonly node: string;
  readonly bun?: string | undefined;
  readonly deno?: string | undefined;
}

/**
 * Explains why this runtime cannot be profiled; undefined if it can. Bun and Deno also report a Node version.
 */
export function unsupportedReason({ node, bun, deno }: RuntimeVersions): string | undefined {
  const other = bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : undefined;
  if (other !== undefined) return `this is ${other} and not Node.js: memory is not profiled`;
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(node) ?? [];
  const isSupported = +major > OLDEST[0] || (+major === OLDEST[0] && +minor >= OLDEST[1]);
  if (isSupported) return undefined;
  return `Node ${node} is too old for heapray, which needs ${OLDEST.join('.')} or newer: memory is not profiled`;
}
