/** A value that can be written. Numbers, dates and nulls are missing, because Prometheus' rule files have none. */
export type YamlValue = string | readonly YamlValue[] | { readonly [key: string]: YamlValue | undefined };

/** Returns a value as YAML in block style; ends with a line feed. */
export function toYaml(value: YamlValue): string {
  return `${linesOf(value).join('\n')}\n`;
}

function linesOf(value: YamlValue): readonly string[] {
  if (typeof value === 'string') return [quoted(value)];
  if (isList(value)) return value.flatMap(itemLines);
  return Object.entries(value).flatMap(([key, child]) => (child === undefined ? [] : entryLines(key, child)));
}

function itemLines(item: YamlValue): readonly string[] {
  const [first = '', ...rest] = linesOf(item);
  return [`- ${first}`, ...indented(rest)];
}

function entryLines(key: string, child: YamlValue): readonly string[] {
  if (typeof child !== 'string') return [`${key}:`, ...indented(linesOf(child))];
  // As a block, nothing needs to be escaped.
  if (/["\n\\]/.test(child)) return [`${key}: |-`, ...indented(child.split('\n'))];
  return [`${key}: ${quoted(child)}`];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}

/** Quotes what is not a plain word, with JSON's escapes, which YAML has too. */
function quoted(text: string): string {
  return /^[A-Za-z][\w:]*$/.test(text) ? text : JSON.stringify(text);
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}
