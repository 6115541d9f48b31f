/** A longer line is machine-made: many functions start on it. */
const MAX_LINE = 2_000;
const PARAMETERS = '(?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*';
/** What begins a function: `=>`, `function`, a class (its constructor and initialisers), or `name(…) {` of a method. */
const START = new RegExp(
  `=>|\\bfunction\\b\\s*\\*?\\s*[\\w$]*|\\b(class)\\b|\\bstatic\\s*(?=\\{)` +
    `|([\\w$\\x80-\\uffff]+|["'\`>\\]])\\s*\\((?=${PARAMETERS}\\)\\s*(?::[^{}()=;]*)?\\{)`,
  'g',
);
const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await', 'return']);

/**
 * Whether several functions may start on a line of code. A look at the text and no parser: strings and comments count,
 * and so do types that look like functions. It errs to `true`; the same text always gets the same answer.
 *
 * @param isFirst whether it is the first line of a file, where the code outside of all functions starts too
 */
export function mayStartSeveral(line: string, isFirst = false): boolean {
  if (line.length > MAX_LINE) return true;
  let starts = isFirst ? 1 : 0;
  for (const [, isClass, name] of line.matchAll(START)) {
    if (name !== undefined && STATEMENTS.has(name)) continue;
    starts += isClass ? 2 : 1;
    if (starts > 1) return true;
  }
  return false;
}
