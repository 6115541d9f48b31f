/** Punctuation that Markdown, or the sites that display it, give a meaning within a line. */
const PUNCTUATION = /[\\`*_[\]<>|~&$@#:]/g;
const BLANKS_AT_ENDS = /^ +| +$/g;
/** A backslash in front of a pipe. Parsers of tables disagree on it, also inside code. */
const DISPUTED = /\\\|/;

/** Returns Markdown that displays a line of text as it is, also in a table. */
export function markdownText(text: string): string {
  return text
    .replace(PUNCTUATION, (char) => `&#${char.charCodeAt(0)};`)
    .replace(BLANKS_AT_ENDS, (blanks) => '&#32;'.repeat(blanks.length));
}

/**
 * Returns Markdown that displays a line of text as code, also in a table. Names are then not changed into links,
 * mentions of users, or emphasis. Empty for an empty text.
 */
export function markdownCode(text: string): string {
  if (text === '') return '';
  if (DISPUTED.test(text) || text.trim() === '') return markdownText(text);
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  const fence = '`'.repeat(longest + 1);
  // Markdown removes one blank from code that has them at both ends.
  const pad = /^`|`$|^ .* $/.test(text) ? ' ' : '';
  return `${fence}${pad}${text.replaceAll('|', '\\|')}${pad}${fence}`;
}
