/**
 * Where V8 says that a function starts, and what is written there. Observed on Node 22.15, 22.23, 24.21 and
 * 26.10, all alike but for the last line (▮ is the position):
 *
 *     function name▮() {}      async function* name▮() {}      a = function▮() {}
 *     a = ▮() => {}            a = ▮x => {}                    a = ▮async () => {}
 *     method▮() {}             get property▮() {}              ['computed']▮() {}
 *     class A { constructor▮() {} }                            class A { #secret▮() {} }
 *     ▮class A {}              a constructor that is not written
 *     class A ▮{ x = [] }      its field initialisers on Node 22; class A { ▮x = [] } on 24 and 26
 *
 * Constructors and initialisers have the class's name. A function expression has the name of what it is
 * assigned to, with the whole path: `exports.a.b`.
 */
export interface FunctionHeader {
  /** Where the function's own text begins: `async`, `function`, a method's name, or V8's position. */
  readonly start: number;
  /** The parts of the function's name and where they are written; a part that was not found has no offset. */
  readonly name: readonly NamePart[];
}
export interface NamePart {
  readonly text: string;
  readonly offset: number | undefined;
  /** Whether it is the key of a property: `key: () => {}`. */
  readonly isKey: boolean;
}

const IDENTIFIER = '[\\w$\\x80-\\uffff]';
/** All of a function or method that can stand before its parameters. */
const HEAD = new RegExp(
  `(?:(?:async\\s+)?function\\s*\\*?\\s*${IDENTIFIER}*` +
    `|(?:(?:static|async|get|set)\\s+)*\\*?\\s*(?:#?${IDENTIFIER}+|"[^"\\n]*"|'[^'\\n]*'|\\]))\\s*$`,
);
const MAX_HEAD = 300;
/** How far a constructor may be from the beginning of its class for it to be found. */
const MAX_CLASS = 256 * 1024;
const MAX_NAME = 200;

/**
 * Reads a function's head in the code around it. Regular expressions are enough: only the surroundings of a
 * known position are read, and what is found counts only if the source map says something about that place.
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

/** The name in `name = function`, `name: async x =>`, `name ??= class`, `name = other || (x =>` and the like. */
function offsetOfTarget(text: string, at: number, name: string): number | undefined {
  const from = Math.max(0, at - MAX_HEAD - name.length);
  const target = new RegExp(
    `(?<!${IDENTIFIER})${escaped(name)}\\s*(?:(?:\\?\\?|\\|\\||&&)?=(?![=>])|:)`,
    'g',
  );
  const before = text.slice(from, at);
  const nearest = [...before.matchAll(target)].at(-1);
  if (!nearest) return undefined;
  // Past the end of a statement or into another block it is another thing of the same name.
  return /[;{}]/.test(before.slice(nearest.index)) ? undefined : from + nearest.index;
}

/** The name in the nearest `class name` or `name = class` before a constructor or initialiser. */
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

/** Where `part` is in `part.name` or `part.prototype.name`; V8 leaves `prototype` out. */
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
