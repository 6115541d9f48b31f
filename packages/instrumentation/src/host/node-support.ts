/** The oldest Node that heapray runs on. */
const OLDEST: readonly [number, number] = [22, 15];

/** Why this Node cannot be profiled, for people; undefined when it can. */
export function nodeProblem(version: string): string | undefined {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const oldEnough = +major > OLDEST[0] || (+major === OLDEST[0] && +minor >= OLDEST[1]);
  if (oldEnough) return undefined;
  return `Node ${version} is too old for heapray, which needs ${OLDEST.join('.')} or newer: memory is not profiled`;
}
