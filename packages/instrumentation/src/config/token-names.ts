/** Effect of an unknown setting that may be meant as the token of the debug server. */
export const TOKEN_LOST = 'it may be meant as debugToken: the debug server is not started unless that is set';

/** Returns true if the name of an unknown setting may be meant as the token. */
export function mayBeToken(name: string): boolean {
  return /token/i.test(name);
}
