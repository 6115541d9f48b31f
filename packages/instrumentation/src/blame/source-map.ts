import { isNested, JsonShapeError, jsonMembers, type Range } from './json-members.js';
import { BrokenMappings, MappingIndex, type Segment } from './mapping-index.js';

/** What a map says about a place in the generated code. Lines and columns count from 0. */
export interface Mapped {
  /** Where the mapped stretch of the generated line begins. */
  readonly generatedColumn: number;
  /** Undefined for generated code that comes from no source. */
  readonly original: OriginalPlace | undefined;
}
export interface OriginalPlace {
  /** The source as the map writes it, below the map's `sourceRoot` if it has one. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  /** What is called something else in the generated code is called this in the source. */
  readonly name: string | undefined;
}

/** A source map, for questions about single places. Lines and columns count from 0. */
export interface SourceMap {
  /** About how much memory it takes, in bytes. */
  readonly bytes: number;
  /** The only source, when there is only one. */
  readonly onlySource: string | undefined;
  /** What the last mapped stretch that begins at or before a place in its line says. */
  atOrBefore(line: number, column: number): Mapped | undefined;
  /** What the first mapped stretch that begins after a place in its line says. */
  after(line: number, column: number): Mapped | undefined;
  /** What the mapped stretch says that begins exactly there, preferably one with a name. */
  at(line: number, column: number): Mapped | undefined;
}

/** A source map cannot be used; the message says why. It quotes nothing: the file may be anything. */
export class BrokenMap extends Error {}

/** Names and sources are the part of a map that is built whole; each string in them takes up to 10 times its text. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const BYTES_PER_LIST_BYTE = 4;
const MAX_NAME = 1_000;
const MAX_SOURCE = 4_096;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
/** Sections may hold sectioned maps, as some bundlers of bundles write them. */
const MAX_NESTING = 4;

/**
 * Reads a source map, of version 3, plain or indexed (made of sections).
 *
 * @param json the text of the map; not kept
 * @param lines how many lines the generated code has; what is mapped past them is ignored
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

/** Each section speaks for the generated code from its offset to the next section's. */
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

/** An array of strings, which may be missing; anything else in it is as good as null. */
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

/** Names become names of functions in metrics and logs. */
function nameText(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) return undefined;
  return /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(name) ? name : undefined;
}

/** Cuts what is mapped past the end of the generated code, so that nobody can make it more. */
function firstLines(mappings: string, lines: number): string {
  let end = -1;
  for (let line = 0; line < lines; line++) {
    end = mappings.indexOf(';', end + 1);
    if (end < 0) return mappings;
  }
  return mappings.slice(0, end);
}

/** A string, number or the like. Undefined when there is none, or something else, which is not built. */
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

/** Past a byte order mark, and past the line `)]}'` that keeps a map from being run as a script. */
function startOf(json: Buffer): number {
  const start = json[0] === 0xef && json[1] === 0xbb && json[2] === 0xbf ? 3 : 0;
  if (json[start] !== 0x29) return start;
  const line = json.indexOf(0x0a, start);
  return line < 0 ? json.length : line + 1;
}
