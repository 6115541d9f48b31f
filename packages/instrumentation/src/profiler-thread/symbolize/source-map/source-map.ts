import { isNested, JsonShapeError, jsonMembers, type Range } from './json-members.js';
import { BrokenMappings, MappingIndex, type Segment } from './mapping-index.js';

/** The mapping of a place in the generated code. Lines and columns count from 0. */
export interface Mapped {
  /** Column where the mapped part of the generated line begins. */
  readonly generatedColumn: number;
  /** Undefined for generated code without a source. */
  readonly original: OriginalPlace | undefined;
}
export interface OriginalPlace {
  /** Source as written in the map, prefixed with the map's `sourceRoot` if it has one. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  /** Original name of something that was renamed in the generated code. */
  readonly name: string | undefined;
}

/** A source map for lookups of single places. Lines and columns count from 0. */
export interface SourceMap {
  /** Approximate memory, in bytes. */
  readonly bytes: number;
  /** The only source, if there is just one. */
  readonly onlySource: string | undefined;
  /** Returns the last mapping that begins at or before a place in its line. */
  atOrBefore(line: number, column: number): Mapped | undefined;
  /** Returns the first mapping that begins after a place in its line. */
  after(line: number, column: number): Mapped | undefined;
  /** Returns the mapping that begins exactly at a place, preferably one with a name. */
  at(line: number, column: number): Mapped | undefined;
}

/**
 * Thrown for an unusable source map; the message gives the reason. It quotes nothing, as the file may be
 * anything.
 */
export class BrokenMap extends Error {}

/**
 * Maximum size of names or sources, which are parsed as a whole; each string takes up to 10 times its text.
 */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const BYTES_PER_LIST_BYTE = 4;
const MAX_NAME = 1_000;
const MAX_SOURCE = 4_096;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
/** Maximum nesting: sections may hold sectioned maps, as written by some bundlers of bundles. */
const MAX_NESTING = 4;

/**
 * Parses a source map of version 3, plain or indexed (made of sections).
 *
 * @param json text of the map; not retained
 * @param lines number of lines of the generated code; mappings past them are ignored
 * @throws BrokenMap
 */
export function parseSourceMap(json: Buffer, lines: number): SourceMap {
  try {
    return parseAny(json, { start: startOf(json), end: json.length }, lines, 0);
  } catch (error) {
    if (error instanceof JsonShapeError) throw new BrokenMap(`it is not JSON: ${error.message}`);
    if (error instanceof BrokenMappings) throw new BrokenMap(`it has ${error.message}`);
    throw error;
  }
}

function parseAny(json: Buffer, range: Range, lines: number, nesting: number): SourceMap {
  const members = jsonMembers(json, range);
  if (scalar(json, members.get('version')) !== 3) throw new BrokenMap('its version is not 3');
  const sections = members.get('sections');
  if (!sections) return plainMap(json, members, lines);
  if (nesting >= MAX_NESTING) throw new BrokenMap('its sections are nested too deep');
  return sectionedMap(json, sections, lines, nesting);
}

function plainMap(json: Buffer, members: ReadonlyMap<string, Range>, lines: number): SourceMap {
  const root = scalar(json, members.get('sourceRoot'));
  const prefix = typeof root === 'string' && root !== '' ? root.replace(/\/?$/, '/') : '';
  const sources = list(json, members.get('sources'), 'sources').map((source) => sourceText(source, prefix));
  const names = list(json, members.get('names'), 'names').map(nameText);
  const text = scalar(json, members.get('mappings'));
  if (typeof text !== 'string') throw new BrokenMap('it has no mappings');
  const mappings = firstLines(text, lines);
  const index = new MappingIndex(mappings);
  const listBytes = size(members.get('sources')) + size(members.get('names'));
  const toMapped = (segment: Segment | undefined) => segment && mapped(segment, sources, names);
  return {
    bytes: mappings.length + listBytes * BYTES_PER_LIST_BYTE,
    onlySource: sources.length === 1 ? sources[0] : undefined,
    atOrBefore: (line, column) => toMapped(index.atOrBefore(line, column)),
    after: (line, column) => toMapped(index.after(line, column)),
    at: (line, column) => toMapped(index.at(line, column)),
  };
}

function mapped(
  { generatedColumn, origin }: Segment,
  sources: readonly (string | undefined)[],
  names: readonly (string | undefined)[],
): Mapped {
  const source = sources[origin?.source ?? -1];
  if (!origin || source === undefined || origin.line < 0 || origin.column < 0) {
    return { generatedColumn, original: undefined };
  }
  const { line, column, name } = origin;
  return { generatedColumn, original: { source, line, column, name: names[name ?? -1] } };
}

interface Section {
  readonly line: number;
  readonly column: number;
  readonly map: SourceMap;
}

/** Combines sections; each covers the generated code from its offset to that of the next one. */
function sectionedMap(json: Buffer, range: Range, lines: number, nesting: number): SourceMap {
  const sections: Section[] = [];
  for (const member of jsonMembers(json, range).values()) {
    const section = jsonMembers(json, member);
    const map = section.get('map');
    const { line, column } = offsetOf(json, section.get('offset'));
    if (!map) throw new BrokenMap('a section has no map');
    if (line >= lines) break;
    sections.push({ line, column, map: parseAny(json, map, lines - line, nesting + 1) });
  }
  sections.sort((a, b) => a.line - b.line || a.column - b.column);
  const ask = (line: number, column: number, question: 'atOrBefore' | 'after' | 'at'): Mapped | undefined => {
    const section = sections.findLast((it) => it.line < line || (it.line === line && it.column <= column));
    if (!section) return undefined;
    const base = section.line === line ? section.column : 0;
    const found = section.map[question](line - section.line, column - base);
    return found && { ...found, generatedColumn: found.generatedColumn + base };
  };
  return {
    bytes: sections.reduce((sum, { map }) => sum + map.bytes, 0),
    onlySource: sections.length === 1 ? sections[0]?.map.onlySource : undefined,
    atOrBefore: (line, column) => ask(line, column, 'atOrBefore'),
    after: (line, column) => ask(line, column, 'after'),
    at: (line, column) => ask(line, column, 'at'),
  };
}

function offsetOf(
  json: Buffer,
  range: Range | undefined,
): { readonly line: number; readonly column: number } {
  const members = range && jsonMembers(json, range);
  const line = scalar(json, members?.get('line'));
  const column = scalar(json, members?.get('column'));
  if (!isCount(line) || !isCount(column)) throw new BrokenMap('a section has no offset');
  return { line, column };
}

function isCount(number: unknown): number is number {
  return Number.isSafeInteger(number) && (number as number) >= 0;
}

/** Parses an optional array of strings. Elements of other types are ignored later. */
function list(json: Buffer, range: Range | undefined, name: string): unknown[] {
  if (!range) return [];
  if (size(range) > MAX_LIST_BYTES)
    throw new BrokenMap(`its ${name} are larger than ${MAX_LIST_BYTES} bytes`);
  const isList = json[range.start] === OPEN_BRACKET && !isNested(json, range);
  if (!isList && scalar(json, range) === null) return [];
  if (!isList) throw new BrokenMap(`its ${name} are no list of strings`);
  return parsed(json, range) as unknown[];
}

function sourceText(source: unknown, prefix: string): string | undefined {
  if (typeof source !== 'string' || source === '' || source.length > MAX_SOURCE) return undefined;
  return prefix !== '' && !/^(?:[\w+.-]+:|[\\/])/.test(source) ? prefix + source : source;
}

/** Returns a valid name, else undefined: names appear as function names in metrics and logs. */
function nameText(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) return undefined;
  return /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(name) ? name : undefined;
}

/** Cuts the mappings past the end of the generated code, so that they cannot waste memory. */
function firstLines(mappings: string, lines: number): string {
  let end = -1;
  for (let line = 0; line < lines; line++) {
    end = mappings.indexOf(';', end + 1);
    if (end < 0) return mappings;
  }
  return mappings.slice(0, end);
}

/**
 * Parses a string, number or the like; undefined if it is missing or a list or object, which are not built.
 */
function scalar(json: Buffer, range: Range | undefined): unknown {
  if (!range) return undefined;
  const first = json[range.start];
  if (first === OPEN_BRACKET || first === OPEN_BRACE) return undefined;
  return parsed(json, range);
}

function parsed(json: Buffer, { start, end }: Range): unknown {
  try {
    return JSON.parse(json.toString('utf8', start, end));
  } catch {
    throw new BrokenMap('it is not JSON');
  }
}

function size(range: Range | undefined): number {
  return range ? range.end - range.start : 0;
}

/**
 * Returns the start of the JSON: after a byte order mark, and after the line `)]}'`, which keeps a map from
 * being run as a script.
 */
function startOf(json: Buffer): number {
  const start = json[0] === 0xef && json[1] === 0xbb && json[2] === 0xbf ? 3 : 0;
  if (json[start] !== 0x29) return start;
  const line = json.indexOf(0x0a, start);
  return line < 0 ? json.length : line + 1;
}
