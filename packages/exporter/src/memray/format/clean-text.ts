/** Displayed name of a function without a name. */
const ANONYMOUS = '(anonymous)';
/** Replacement for lone surrogates and for control characters. */
const REPLACEMENT = '\ufffd';

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** An unescaped `[` that may open markup. Not matched: `[]`, `[12]`, `[Symbol.iterator]`. */
const OPEN_BRACKET = /(?<!\\)((?:\\\\)*)\[(?!\]|\d+\]|[A-Z]\w*\.\w[\w.]*\])/g;
/** A backslash at the end, which would escape the text that a report adds after the name. */
const TRAILING_BACKSLASH = /(?<!\\)(?:\\\\)*\\$/;

/**
 * Makes `text` valid for a capture, whose strings are UTF-8 terminated by a NUL: memray's reports crash on anything
 * else. Control characters are replaced too, because `memray stats` prints names unchanged, so that a name could move
 * the cursor of a terminal.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll(CONTROL, REPLACEMENT);
}

/**
 * Cleans a function, file or thread name for reports, as {@link cleanText} does. The result is never empty and safe as
 * markup.
 *
 * `memray tree` interprets names as markup in two languages: Rich's in the tree and Textual's beside it. In one or the
 * other, `[foo]`, `[Foo]`, `[$x]`, `[ x]`, `[#1]` vanish; `[/x]` and `['/a=b` crash the program. Both languages have
 * the escape `\[`, so such a bracket is escaped. Then `memray tree` shows `/app/[slug]/p.js` correctly, and all other
 * reports show `/app/\[slug]/p.js`, which a shell would also accept. Harmless brackets, as in `[Symbol.iterator]`, are
 * kept. A name that is already escaped is unchanged, so that a capture can be rewritten without accumulating
 * backslashes.
 */
export function cleanName(name: string): string {
  if (name === '') return ANONYMOUS;
  const text = cleanText(name).replaceAll(OPEN_BRACKET, '$1\\[');
  return TRAILING_BACKSLASH.test(text) ? `${text}\\` : text;
}

/** Removes the escapes of {@link cleanName}, for display where names are not interpreted as markup. */
export function plainName(name: string): string {
  return name.replaceAll('\\[', '[').replace(/\\\\$/, '\\');
}
