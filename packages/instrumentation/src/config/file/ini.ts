/*
 * The part of Python's configparser that Airflow's cfg is read with. The INI packages on npm cannot stand in for it:
 * they fold dots into nested objects, strip quotes, cut inline remarks, know no continuation lines, no [DEFAULT] and
 * no %(name)s, and take the last of two equal keys where Airflow refuses to start.
 */
import { ConfigError } from '../table/config-error.js';
import { indentOf, strip, stripEnd } from '../table/text.js';
import { interpolate } from './ini-interpolation.js';

/** Section whose keys are visible in every existing section. */
const DEFAULT_SECTION = 'DEFAULT';

type Section = Map<string, string>;

/** A parsed file. Sections and keys are case-sensitive. */
export interface IniFile {
  readonly path: string;
  /** Names of all sections, [DEFAULT] included if it is there. */
  readonly sections: readonly string[];
  /** Returns the keys written in a section itself, without those of [DEFAULT]. */
  keys(section: string): string[];
  /** Returns what looks like the keys of a section, but is indented, and so belongs to the value above. */
  indentedKeys(section: string): string[];
  /** Returns true if `get` finds the key. */
  has(section: string, key: string): boolean;
  /**
   * Returns a value with `%(name)s` filled in; the lines of a continued value are joined by line feeds.
   *
   * @throws {ConfigError} when a `%` is not `%%` or names a missing key
   */
  get(section: string, key: string): string | undefined;
}

/** State of the reader. Continuation lines are added to `value`, the lines of the open key. */
interface State {
  readonly path: string;
  readonly sections: Map<string, Map<string, string[]>>;
  section: Map<string, string[]> | undefined;
  sectionName: string;
  value: string[] | undefined;
  indent: number;
}

/**
 * Throws for a line that Python refuses. The message does not quote it, because such files hold passwords.
 */
function refuse(state: State, line: number, what: string, allowed: string): never {
  throw new ConfigError(`${state.path}:${line}`, what, allowed);
}

function openSection(state: State, name: string, line: number): void {
  const known = state.sections.get(name);
  if (known !== undefined && name !== DEFAULT_SECTION) {
    refuse(state, line, `second [${name}]`, 'each section once');
  }
  state.section = known ?? new Map();
  state.sections.set(name, state.section);
  state.sectionName = name;
  state.value = undefined;
}

function readKey(state: State, section: Map<string, string[]>, text: string, line: number): void {
  const at = text.search(/[=:]/);
  if (at <= 0) refuse(state, line, at < 0 ? 'a line without = or :' : 'a line without a key', 'key = value');
  const key = stripEnd(text.slice(0, at));
  if (section.has(key)) {
    refuse(state, line, `second ${key} in [${state.sectionName}]`, 'each key once in a section');
  }
  state.value = [strip(text.slice(at + 1))];
  section.set(key, state.value);
}

function readLine(state: State, raw: string, line: number): void {
  const text = strip(raw);
  if (text.startsWith('#') || text.startsWith(';')) return;
  if (text === '') {
    state.value?.push('');
    return;
  }
  const indent = indentOf(raw);
  if (state.value !== undefined && indent > state.indent) {
    state.value.push(text);
    return;
  }
  state.indent = indent;
  // Greedy and open at the end: as in Python, `[a] x` opens `a`.
  const header = /^\[(.+)\]/s.exec(text)?.[1];
  if (header !== undefined) openSection(state, header, line);
  else if (state.section === undefined) {
    refuse(state, line, 'a line before the first section', 'a [section] line first');
  } else readKey(state, state.section, text, line);
}

/**
 * Parses INI text strictly, by Python's rules.
 *
 * @param path names the file in messages
 * @throws {ConfigError} for a line outside any section, a line that is not `key = value`, or a second section
 *   or key of the same name; Airflow does not start on these either
 */
export function parseIni(text: string, path: string): IniFile {
  const state: State = {
    path,
    sections: new Map(),
    section: undefined,
    sectionName: '',
    value: undefined,
    indent: 0,
  };
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) readLine(state, line, index + 1);
  const sections = new Map<string, Section>();
  for (const [name, keys] of state.sections) {
    const joined = [...keys].map(([key, lines]) => [key, stripEnd(lines.join('\n'))] as const);
    sections.set(name, new Map(joined));
  }
  return iniFile(path, sections);
}

function indentedKeysOf(value: string): string[] {
  const lines = value.split('\n').slice(1);
  return lines.flatMap((line) => stripEnd(/^([^=:]+)[=:]/.exec(line)?.[1] ?? '') || []);
}

function iniFile(path: string, sections: ReadonlyMap<string, Section>): IniFile {
  const defaults = sections.get(DEFAULT_SECTION);
  return {
    path,
    sections: [...sections.keys()],
    keys: (section) => [...(sections.get(section)?.keys() ?? [])],
    indentedKeys: (section) => [...(sections.get(section)?.values() ?? [])].flatMap(indentedKeysOf),
    has: (section, key) => {
      const own = sections.get(section);
      return own !== undefined && (own.has(key) || defaults?.has(key) === true);
    },
    get: (section, key) => {
      const own = sections.get(section);
      if (own === undefined) return undefined;
      const lookUp = (name: string): string | undefined => own.get(name) ?? defaults?.get(name);
      const raw = lookUp(key);
      return raw === undefined ? undefined : interpolate(raw, `[${section}] ${key} in ${path}`, lookUp);
    },
  };
}
