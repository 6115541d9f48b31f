/** Shown for a function without a name. */
const ANONYMOUS = '(anonymous)';
/** What lone surrogates become, and so everything else that must not stay. */
const REPLACEMENT = '\ufffd';

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** A `[` that may open markup and is not escaped yet. Not so: `[]`, `[12]`, `[Symbol.iterator]`. */
const OPEN_BRACKET = /(?<!\\)((?:\\\\)*)\[(?!\]|\d+\]|[A-Z]\w*\.\w[\w.]*\])/g;
/** A backslash at the end that would escape whatever a report puts behind the name. */
const TRAILING_BACKSLASH = /(?<!\\)(?:\\\\)*\\$/;

/**
 * Makes `text` representable. A capture's strings are UTF-8 that ends with a NUL, and memray's reports die on
 * anything else. Control characters go too: `memray stats` prints names as they are, one to a line, so a name
 * could move the cursor of a terminal.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll(CONTROL, REPLACEMENT);
}

/**
 * A function, file or thread name for a report: as {@link cleanText}, never empty, and safe as markup.
 *
 * `memray tree` takes names for markup in two languages, Rich's in the tree and Textual's beside it. In one or
 * the other `[foo]`, `[Foo]`, `[$x]`, `[ x]`, `[#1]` vanish; `[/x]` and `['/a=b` end the program. Both
 * languages know the escape `\[`, so that is what such a bracket becomes: `memray tree` shows `/app/[slug]/p.js`
 * as it was, all other reports show `/app/\[slug]/p.js`, which a shell would take too. Harmless brackets, as in
 * `[Symbol.iterator]`, stay bare. A name that is escaped already is left alone, so cleaning twice is cleaning
 * once and a capture can be rewritten without piling up backslashes.
 */
export function cleanName(name: string): string {
  if (name === '') return ANONYMOUS;
  const text = cleanText(name).replaceAll(OPEN_BRACKET, '$1\\[');
  return TRAILING_BACKSLASH.test(text) ? `${text}\\` : text;
}

/** What {@link cleanName} made of a name, without its escapes: for showing names where nothing takes them for markup. */
export function plainName(name: string): string {
  return name.replaceAll('\\[', '[').replace(/\\\\$/, '\\');
}
