/** Shown for a function without a name. */
const ANONYMOUS = '(anonymous)';
/** What lone surrogates become, and so what NUL becomes too. */
const REPLACEMENT = '\ufffd';

/**
 * Makes `text` representable: a capture's strings are UTF-8 that ends with a NUL, and memray's reports die on
 * anything else.
 */
export function cleanText(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return formed.includes('\0') ? formed.replaceAll('\0', REPLACEMENT) : formed;
}

/** A function name or file for a report: as {@link cleanText}, never empty. */
export function cleanName(name: string): string {
  return name === '' ? ANONYMOUS : cleanText(name);
}
