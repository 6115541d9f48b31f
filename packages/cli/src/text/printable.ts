/** Characters that would break a line or move the cursor, or change the order in which text is displayed. */
const DISTURBING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** Returns text that is safe to display in a line, for text from a file or path: control characters are escaped. */
export function printable(text: string): string {
  return text.replace(DISTURBING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
