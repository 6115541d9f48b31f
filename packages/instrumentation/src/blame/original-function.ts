import { type FunctionHeader, functionHeader, type NamePart } from './function-header.js';
import type { GeneratedCode, Place } from './generated-code.js';
import type { Mapped, OriginalPlace, SourceMap } from './source-map.js';

/** A function as its author wrote it. Line and column count from 0. */
export interface OriginalFunction {
  /** The source as the map writes it. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  /** `''` for none. */
  readonly name: string;
}

/** A program and its map. */
export interface MappedCode {
  readonly code: GeneratedCode;
  readonly map: SourceMap;
}

/**
 * The original of a function of generated code: where it starts, and its name where the map tells that it
 * was changed. Undefined when the map says nothing about this function, e.g. for a bundler's helper.
 *
 * The map is asked about the places that the function's head consists of and not just about V8's position:
 * at that position minifiers map the first parameter (`▮x => {}`), the keyword `async`, a whole method, or
 * nothing at all, in which case the nearest mapping before belongs to another function.
 *
 * @param at where V8 says that the function starts, from 0
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

/** webpack makes every module a method of an object, called by the module's number or path. */
const MODULE_KEY = /^(?:\d+|\.{1,2}\/.*)$/;

/** Code outside of all functions: of a bundle it comes from everywhere, and no source may be blamed alone. */
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

/** Where the function starts: the best of what the map says about its head. */
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
  /** The code up to there. */
  readonly text: string;
}

/** What is mapped next in the same line, if it is near. */
function firstAfter({ code, map }: MappedCode, at: Place): MappedAfter | undefined {
  const after = map.after(at.line, at.column);
  if (!after?.original || after.generatedColumn - at.column > MAX_DISTANCE) return undefined;
  return { original: after.original, text: between(code, at, after.generatedColumn) };
}

/** What follows is the first parameter, or the first word of a body without parameters. */
const UP_TO_PARAMETERS = /^(?:[^\w$"'`\x80-\uffff]|\b(?:async|function)\b)*$/;
/** What follows is the first word of a body. Of a function that webpack made of a module, the parameters are not mapped. */
const UP_TO_BODY = /^(?:[\w$]+|\([\w$,\s]*\))\s*(?:=>\s*)?[\s({[]*$/;
const MAX_DISTANCE = 300;

/** Whether a rough map, of statements or whole lines, can mean the function with the mapping before it. */
function isSameStatement(code: GeneratedCode, before: Mapped, at: Place): boolean {
  const text = between(code, { line: at.line, column: before.generatedColumn }, at.column);
  return text.length <= MAX_DISTANCE && !/[;}]/.test(text);
}

function between(code: GeneratedCode, from: Place, toColumn: number): string {
  const start = code.offsetOf(from) ?? 0;
  return code.text.slice(start, start + Math.max(0, toColumn - from.column));
}

/** The name of a function in the source, as far as the map tells; else V8's. */
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
 * Keys of properties are seldom renamed, and then to something short. terser makes `{ key: function () {} }` of
 * `object.key = function () {}` and maps `key` to `object`.
 */
function mayBeRenamed({ text, isKey }: NamePart): boolean {
  return !isKey || text.length <= MAX_RENAMED_KEY;
}

const MAX_RENAMED_KEY = 3;

/** Minifiers differ in whether the name of a private member has its `#`. */
function renamed(generated: string, original: string): string {
  return generated.startsWith('#') && !original.startsWith('#') ? `#${original}` : original;
}

/**
 * Whether an object before a dot is called the same in the source: it takes as many characters there. One
 * that does not is a minifier's `e`, or a compiler's `exports`, and tells nobody anything.
 */
function isUnchanged(
  { text }: NamePart,
  mapped: OriginalPlace | undefined,
  next: OriginalPlace | undefined,
): boolean {
  if (!mapped || !next || mapped.line !== next.line) return false;
  return next.column - mapped.column === text.length + 1;
}
