import { type FunctionHeader, functionHeader, type NamePart } from './function-header.js';
import type { GeneratedCode, Place } from './generated-code.js';
import type { Mapped, OriginalPlace, SourceMap } from './source-map.js';

/** A function in its original source. Line and column count from 0. */
export interface OriginalFunction {
  /** Source as written in the map. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  /** `''` for none. */
  readonly name: string;
}

/** A program and its source map. */
export interface MappedCode {
  readonly code: GeneratedCode;
  readonly map: SourceMap;
}

/**
 * Finds the original of a function of generated code: where it starts, and its name if the map shows that it
 * was changed. Undefined if the map has nothing about this function, e.g. for a bundler's helper.
 *
 * Looks up all parts of the function's head, not only V8's position. At that position minifiers map the first
 * parameter (`▮x => {}`), the keyword `async`, a whole method, or nothing at all. In the last case the
 * nearest mapping before it belongs to another function.
 *
 * @param at start of the function according to V8, counted from 0
 * @param functionName V8's name of it; `''` for none
 */
export function originalFunction(
  { code, map }: MappedCode,
  at: Place,
  functionName: string,
): OriginalFunction | undefined {
  const offset = code.offsetOf(at);
  if (offset === undefined) return undefined;
  if (functionName === '' && at.line === 0 && at.column === 0) return moduleCode(map);
  const header = functionHeader(code.text, offset, functionName);
  const name = header.name.map((part) => ({ part, mapped: mappedAt(map, code, part.offset) }));
  const place = originalPlace({ code, map }, at, header, name.at(-1)?.mapped);
  if (!place) return undefined;
  const { source, line, column } = place;
  if (MODULE_KEY.test(functionName)) return { source, line: 0, column: 0, name: '' };
  return { source, line, column, name: originalName(functionName, name) };
}

/** Matches webpack's module keys: each module is a method named by the module's number or path. */
const MODULE_KEY = /^(?:\d+|\.{1,2}\/.*)$/;

/**
 * Resolves code outside all functions. In a bundle of several sources it has no single origin, so it is
 * undefined.
 */
function moduleCode(map: SourceMap): OriginalFunction | undefined {
  if (map.onlySource === undefined) return undefined;
  return { source: map.onlySource, line: 0, column: 0, name: '' };
}

interface MappedPart {
  readonly part: NamePart;
  readonly mapped: OriginalPlace | undefined;
}

function mappedAt(
  map: SourceMap,
  code: GeneratedCode,
  offset: number | undefined,
): OriginalPlace | undefined {
  if (offset === undefined) return undefined;
  const { line, column } = code.placeOf(offset);
  return map.at(line, column)?.original;
}

/** Returns where the function starts: the best of the mappings of its head. */
function originalPlace(
  { code, map }: MappedCode,
  at: Place,
  header: FunctionHeader,
  name: OriginalPlace | undefined,
): OriginalPlace | undefined {
  const start = code.placeOf(header.start);
  const firstColumn = start.line === at.line ? start.column : 0;
  const before = map.atOrBefore(at.line, at.column);
  if (before?.original && before.generatedColumn >= firstColumn) return before.original;
  if (name) return name;
  const after = firstAfter({ code, map }, at);
  if (after && (UP_TO_PARAMETERS.test(after.text) || UP_TO_BODY.test(after.text))) return after.original;
  return before?.original && isSameStatement(code, before, at) ? before.original : undefined;
}

interface MappedAfter {
  readonly original: OriginalPlace;
  /** Generated code up to that mapping. */
  readonly text: string;
}

/** Returns the next mapping in the same line, if it is near. */
function firstAfter({ code, map }: MappedCode, at: Place): MappedAfter | undefined {
  const after = map.after(at.line, at.column);
  if (!after?.original || after.generatedColumn - at.column > MAX_DISTANCE) return undefined;
  return { original: after.original, text: between(code, at, after.generatedColumn) };
}

/** Matches code up to the first parameter, or up to the first word of a body without parameters. */
const UP_TO_PARAMETERS = /^(?:[^\w$"'`\x80-\uffff]|\b(?:async|function)\b)*$/;
/** Matches code up to the first word of a body. webpack's module functions have unmapped parameters. */
const UP_TO_BODY = /^(?:[\w$]+|\([\w$,\s]*\))\s*(?:=>\s*)?[\s({[]*$/;
const MAX_DISTANCE = 300;

/** Returns true if the mapping before, in a coarse map of statements or lines, can belong to the function. */
function isSameStatement(code: GeneratedCode, before: Mapped, at: Place): boolean {
  const text = between(code, { line: at.line, column: before.generatedColumn }, at.column);
  return text.length <= MAX_DISTANCE && !/[;}]/.test(text);
}

function between(code: GeneratedCode, from: Place, toColumn: number): string {
  const start = code.offsetOf(from) ?? 0;
  return code.text.slice(start, start + Math.max(0, toColumn - from.column));
}

/** Returns the original name of a function as far as the map shows it; else V8's. */
function originalName(functionName: string, parts: readonly MappedPart[]): string {
  const kept: string[] = [];
  for (const [index, { part, mapped }] of parts.entries()) {
    const next = parts[index + 1];
    if (mapped?.name && mayBeRenamed(part)) kept.push(renamed(part.text, mapped.name));
    else if (!next || isUnchanged(part, mapped, next.mapped)) kept.push(part.text);
  }
  if (kept.length === 0) return functionName;
  return `${/^(?:get|set) /.exec(functionName)?.[0] ?? ''}${kept.join('.')}`;
}

/**
 * Returns true if a part may have been renamed. Property keys seldom are, and then to something short. terser
 * turns `object.key = function () {}` into `{ key: function () {} }` and maps `key` to `object`, which is not
 * a renaming.
 */
function mayBeRenamed({ text, isKey }: NamePart): boolean {
  return !isKey || text.length <= MAX_RENAMED_KEY;
}

const MAX_RENAMED_KEY = 3;

/** Applies a renaming. Minifiers differ in including the `#` in the name of a private member. */
function renamed(generated: string, original: string): string {
  return generated.startsWith('#') && !original.startsWith('#') ? `#${original}` : original;
}

/**
 * Returns true if an object before a dot has the same name in the source, which is assumed if it has the same
 * length there. Otherwise it is a minifier's `e` or a compiler's `exports`, which does not help the reader.
 */
function isUnchanged(
  { text }: NamePart,
  mapped: OriginalPlace | undefined,
  next: OriginalPlace | undefined,
): boolean {
  if (!mapped || !next || mapped.line !== next.line) return false;
  return next.column - mapped.column === text.length + 1;
}
