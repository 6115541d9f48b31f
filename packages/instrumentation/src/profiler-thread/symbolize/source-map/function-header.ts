/**
 * The text of a function around the position that V8 reports. Observed on Node 22.15, 22.23, 24.21 and 26.10,
 * all alike except for the last line (▮ is the position):
 *
 *     function name▮() {}      async function* name▮() {}      a = function▮() {}
 *     a = ▮() => {}            a = ▮x => {}                    a = ▮async () => {}
 *     method▮() {}             get property▮() {}              ['computed']▮() {}
 *     class A { constructor▮() {} }                            class A { #secret▮() {} }
 *     ▮class A {}              an implicit constructor
 *     class A ▮{ x = [] }      its field initialisers on Node 22; class A { ▮x = [] } on 24 and 26
 *
 * Constructors and initialisers have the class's name. A function expression is named after the target of its
 * assignment, with the whole path: `exports.a.b`.
 */
export interface FunctionHeader {
  /** Offset where the function's own text begins: `async`, `function`, a method's name, or V8's position. */
  readonly start: number;
  /** Parts of the function's name with their offsets; undefined for a part that was not found. */
  readonly name: readonly NamePart[];
}
export interface NamePart {
  readonly text: string;
  readonly offset: number | undefined;
  /** True if it is the key of a property: `key: () => {}`. */
  readonly isKey: boolean;
}

const IDENTIFIER = '[\\w$\\x80-\\uffff]';
/** Matches everything of a function or method that can precede its parameters. */
const HEAD = new RegExp(
  `(?:(?:async\\s+)?function\\s*\\*?\\s*${IDENTIFIER}*` +
    `|(?:(?:static|async|get|set)\\s+)*\\*?\\s*(?:#?${IDENTIFIER}+|"[^"\\n]*"|'[^'\\n]*'|\\]))\\s*$`,
);
const MAX_HEAD = 300;
/** Maximum distance of a constructor from the start of its class, in characters, to find it. */
const MAX_CLASS = 256 * 1024;
const MAX_NAME = 200;

/**
 * Parses a function's head in the code around it. Regular expressions are enough: only the surroundings of a
 * known position are read, and a match counts only if the source map has a mapping for that place.
 *
 * @param at V8's position, as an index into the text
 * @param functionName V8's name; `''` for none
 */
export function functionHeader(text: string, at: number, functionName: string): FunctionHeader {
  const head = text.slice(Math.max(0, at - MAX_HEAD), at);
  const own = text[at] === '(' ? HEAD.exec(head) : null;
  const start = own ? at - (head.length - own.index) : at;
  return { start, name: nameParts(text, at, functionName) };
}

function nameParts(text: string, at: number, functionName: string): NamePart[] {
  const name = functionName.replace(/^(?:get|set) /, '');
  if (name === '' || name.length > MAX_NAME) return [];
  const parts = name.split('.');
  const last = parts.at(-1) as string;
  let offset = last === '' ? undefined : offsetOfName(text, at, last);
  const isKey = offset !== undefined && /^\s*:/.test(text.slice(offset + last.length, offset + MAX_HEAD));
  const found: NamePart[] = [{ text: last, offset, isKey }];
  for (const part of parts.slice(0, -1).reverse()) {
    offset = offset === undefined ? undefined : offsetBeforeDot(text, offset, part);
    found.unshift({ text: part, offset, isKey: false });
  }
  return found;
}

function offsetOfName(text: string, at: number, name: string): number | undefined {
  const before = text.slice(Math.max(0, at - MAX_HEAD), at).trimEnd();
  const beforeEnd = at - (Math.min(at, MAX_HEAD) - before.length);
  const isConstructor = endsWithWord(before, 'constructor') && name !== 'constructor';
  if (!isConstructor && endsWithWord(before, name)) return beforeEnd - name.length;
  const classStart = /^class\s+/.exec(text.slice(at, at + MAX_HEAD));
  const classEnd = at + (classStart?.[0].length ?? 0);
  if (classStart && text.startsWith(name, classEnd)) return classEnd;
  return (isConstructor ? undefined : offsetOfTarget(text, at, name)) ?? offsetOfClass(text, at, name);
}

/**
 * Finds the name in `name = function`, `name: async x =>`, `name ??= class`, `name = other || (x =>` and the
 * like.
 */
function offsetOfTarget(text: string, at: number, name: string): number | undefined {
  const from = Math.max(0, at - MAX_HEAD - name.length);
  const target = new RegExp(
    `(?<!${IDENTIFIER})${escaped(name)}\\s*(?:(?:\\?\\?|\\|\\||&&)?=(?![=>])|:)`,
    'g',
  );
  const before = text.slice(from, at);
  const nearest = [...before.matchAll(target)].at(-1);
  if (!nearest) return undefined;
  // Reject a match before the end of a statement or in another block: it is a different thing with the same
  // name.
  return /[;{}]/.test(before.slice(nearest.index)) ? undefined : from + nearest.index;
}

/** Finds the name in the nearest `class name` or `name = class` before a constructor or initialiser. */
function offsetOfClass(text: string, at: number, name: string): number | undefined {
  const from = Math.max(0, at - MAX_CLASS);
  const word = `${escaped(name)}(?!${IDENTIFIER})`;
  const start = new RegExp(
    `\\bclass\\s+${word}|(?<!${IDENTIFIER})${word}(?=\\s*=\\s*(?:new\\s+)?class\\b)`,
    'g',
  );
  let last: number | undefined;
  for (const match of text.slice(from, at).matchAll(start)) {
    last = from + match.index + match[0].length - name.length;
  }
  return last;
}

/** Finds `part` in `part.name` or `part.prototype.name`; V8 leaves `prototype` out. */
function offsetBeforeDot(text: string, nameOffset: number, part: string): number | undefined {
  const from = Math.max(0, nameOffset - MAX_HEAD);
  const path = new RegExp(`(?<!${IDENTIFIER})${escaped(part)}\\s*\\.\\s*(?:prototype\\s*\\.\\s*)?$`);
  const match = path.exec(text.slice(from, nameOffset));
  return match ? from + match.index : undefined;
}

function endsWithWord(text: string, word: string): boolean {
  if (!text.endsWith(word)) return false;
  return word.startsWith('#') || !/[\w$\x80-\uffff#]$/.test(text.slice(0, -word.length));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
