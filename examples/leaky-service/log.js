/** Writes one line of JSON to stdout: who reads it may be a person or a program. */
export function log(level, event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
}
