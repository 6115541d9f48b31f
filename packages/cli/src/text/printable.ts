/** What would break a line or move somebody's cursor, and what makes text read in another order than it is in. */
const DISTURBING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** Text from a file or a path as it may stand in a line for people: control characters are spelled out. */
export function printable(text: string): string {
  return text.replace(DISTURBING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
