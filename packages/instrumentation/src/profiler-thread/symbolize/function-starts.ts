/** Longest line that is parsed, in characters. Longer ones are generated, with many functions on them. */
const MAX_LINE = 2_000;
const PARAMETERS = '(?:[^()]|\\((?:[^()]|\\([^()]*\\))*\\))*';
/**
 * Matches the start of a function: `=>`, `function`, a class (its constructor and initialisers), or `name(…)
 * {` of a method.
 */
const START = new RegExp(
  `=>|\\bfunction\\b\\s*\\*?\\s*[\\w$]*|\\b(class)\\b|\\bstatic\\s*(?=\\{)` +
    `|([\\w$\\x80-\\uffff]+|["'\`>\\]])\\s*\\((?=${PARAMETERS}\\)\\s*(?::[^{}()=;]*)?\\{)`,
  'g',
);
const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await', 'return']);

/**
 * Returns true if several functions may start on a line of code. Uses patterns instead of a parser: strings,
 * comments and types that look like functions count too. When in doubt, returns true. The same text always
 * gets the same answer.
 *
 * @param isFirst true for the first line of a file, where the code outside all functions starts too
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
