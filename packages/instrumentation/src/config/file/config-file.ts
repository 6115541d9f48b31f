import { join, resolve } from 'node:path';
import { lostEffect, maybeMeant, maybeMeantElsewhere, type ServerOption } from '../server-settings.js';
import { ConfigError } from '../table/config-error.js';
import { OPTION_NAMES, OPTIONS } from '../table/options.js';
import { printable, strip } from '../table/text.js';
import { tolerate } from '../table/tolerate.js';
import type { ConfigInput } from '../table/types.js';
import { expandText, variable } from './expand.js';
import { type IniFile, parseIni } from './ini.js';

/** The config file that settings come from, if there is one. */
export interface ConfigFile {
  readonly ini: IniFile | undefined;
  /** As in `ResolvedConfig.sources`. */
  readonly source: string;
  /** Options that the file may set, in a way that cannot be read. */
  readonly lost: readonly ServerOption[];
  readonly warnings: readonly string[];
}

/**
 * A path from a setting. `mustExist` is true for heapray's own settings, and false for those shared with
 * Airflow.
 */
interface Location {
  readonly path: string;
  readonly source: string;
  readonly key: string;
  readonly mustExist: boolean;
}

/** Heapray's section. */
const SECTION = 'heapray';
/** All options that may be lost. */
const ALL: readonly ServerOption[] = ['debugAddress', 'debugToken'];
/** Stands for a path that was refused. */
const UNUSABLE = Symbol('unusable');
/** Effect of a file that cannot be read. */
const CLOSED =
  'it is ignored, and the debug server is not started unless code or variables set its address and token';

function fromProgram(input: ConfigInput, source: 'code' | 'default'): Location | undefined {
  const given: unknown = (source === 'code' ? input.code : input.defaults)?.configFile;
  if (given === undefined) return undefined;
  const key = 'configFile';
  const { kind } = OPTIONS[key];
  const accepted = kind.fromCode(given);
  if (accepted?.value === undefined) throw new ConfigError(key, given, kind.allowed);
  return { path: expandText(accepted.value, key, input), source, key, mustExist: source === 'code' };
}

function fromVariable(input: ConfigInput, key: string, mustExist: boolean): Location | undefined {
  const text = variable(input.env, key);
  if (text === undefined) return undefined;
  return { path: expandText(text, key, input), source: `env:${key}`, key, mustExist };
}

/**
 * Returns the path in HEAPRAY_CONFIG. Empty counts as not set, as for all of heapray's variables that name
 * something.
 */
function fromHeaprayConfig(input: ConfigInput): Location | undefined {
  const key = 'HEAPRAY_CONFIG';
  return variable(input.env, key) === '' ? undefined : fromVariable(input, key, true);
}

function fromAirflowHome(input: ConfigInput): Location | undefined {
  const home = fromVariable(input, 'AIRFLOW_HOME', false);
  return home && { ...home, path: join(home.path, 'airflow.cfg') };
}

function locate(input: ConfigInput): Location | undefined {
  return (
    fromHeaprayConfig(input) ??
    fromVariable(input, 'AIRFLOW_CONFIG', false) ??
    fromAirflowHome(input) ??
    fromProgram(input, 'default')
  );
}

/**
 * Returns true for missing permissions. Airflow continues without such a file, and hides its own from other
 * users.
 */
function isPermissionError(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return code === 'EACCES' || code === 'EPERM';
}

/**
 * Throws for unknown keys in `[heapray]`: they are typing errors, as no other program uses that section.
 *
 * @returns options that may be meant by them
 */
function refuseUnknownKeys(input: ConfigInput, ini: IniFile): ServerOption[] {
  const known = OPTION_NAMES.flatMap((option) => OPTIONS[option].file)
    .filter(({ section }) => section === SECTION)
    .map(({ key }) => key);
  const unknown = ini.keys(SECTION).filter((key) => !known.includes(key));
  for (const key of unknown) {
    const refuse = () => {
      throw new ConfigError(`section [heapray] in ${ini.path}`, key, `one of the keys ${known.join(', ')}`);
    };
    const option = maybeMeant(key);
    tolerate(input, () => false, refuse, undefined, option ? lostEffect(option) : 'it is ignored');
  }
  return unknown.flatMap((key) => maybeMeant(key) ?? []);
}

function isMisspelt(section: string): boolean {
  return section !== SECTION && strip(section).toLowerCase() === SECTION;
}

/**
 * Throws for sections such as `[Heapray]`: names of sections are case-sensitive.
 *
 * @returns options that may be set in them
 */
function refuseMisspeltSections(input: ConfigInput, ini: IniFile): readonly ServerOption[] {
  const misspelt = ini.sections.filter(isMisspelt);
  for (const section of misspelt) {
    const refuse = () => {
      throw new ConfigError(ini.path, `[${section}]`, `[${SECTION}]`);
    };
    tolerate(input, () => false, refuse, undefined, CLOSED);
  }
  return misspelt.length > 0 ? ALL : [];
}

/** Returns the keys outside `[heapray]`, or indented in it, that may be meant as options which that section does not set. */
function misplacedKeys(ini: IniFile): { readonly option: ServerOption; readonly warning: string }[] {
  const isSet = (option: ServerOption) =>
    OPTIONS[option].file.some(({ section, key }) => ini.has(section, key));
  return ini.sections
    .filter((section) => !isMisspelt(section))
    .flatMap((section) => {
      const keys = [...(section === SECTION ? [] : ini.keys(section)), ...ini.indentedKeys(section)];
      return keys.flatMap((key) => {
        const option = maybeMeantElsewhere(key);
        if (option === undefined || isSet(option)) return [];
        const what = `${printable(key)} below [${printable(section)}] in ${printable(ini.path)}`;
        const why = section === SECTION ? 'is indented' : `is not in [${SECTION}]`;
        return { option, warning: `${what} is ignored because it ${why}; ${lostEffect(option)}` };
      });
    });
}

const NONE: ConfigFile = { ini: undefined, source: 'default', lost: [], warnings: [] };
const UNREAD: ConfigFile = { ...NONE, lost: ALL };

/** Reads the file that `locate` found; `path` is absolute. */
function read(input: ConfigInput, { key, source, mustExist }: Location, path: string): ConfigFile {
  let text: string | undefined;
  try {
    text = input.readFile(path);
  } catch (error) {
    if (mustExist || !isPermissionError(error)) throw new ConfigError(key, path, 'a file that can be read');
    return { ...UNREAD, warnings: [`${printable(path)} (${source}) may not be read: ${CLOSED}`] };
  }
  if (text === undefined && mustExist) throw new ConfigError(key, path, 'a file that exists');
  if (text === undefined) return NONE;
  const ini = parseIni(text, path);
  const unknown = refuseUnknownKeys(input, ini);
  const unread = refuseMisspeltSections(input, ini);
  const misplaced = misplacedKeys(ini);
  const lost = [...unknown, ...unread, ...misplaced.map(({ option }) => option)];
  return { ini, source, lost, warnings: misplaced.map(({ warning }) => warning) };
}

/**
 * Finds and reads the config file. A file that only Airflow's variables point to may be absent, since Airflow
 * creates it when it starts, or unreadable.
 *
 * @throws {ConfigError} when heapray's own file is missing, the path is a folder, the text cannot be read or
 *   is not valid INI, `[heapray]` has an unknown key, or its name is misspelt
 */
export function readConfigFile(input: ConfigInput): ConfigFile {
  // Always throw for a path given in code.
  const given = fromProgram(input, 'code');
  if (given) return readAt({ ...input, onRefused: undefined }, given);
  const mustBeAirflows = ({ key }: ConfigError) => key.startsWith('AIRFLOW_');
  const location = tolerate<Location | typeof UNUSABLE | undefined>(
    input,
    mustBeAirflows,
    () => locate(input),
    UNUSABLE,
    CLOSED,
  );
  if (location === UNUSABLE) return UNREAD;
  if (location === undefined) return NONE;
  const isAirflows = location.source.startsWith('env:AIRFLOW_');
  return tolerate(
    input,
    () => isAirflows,
    () => readAt(input, location),
    UNREAD,
    CLOSED,
  );
}

function readAt(input: ConfigInput, location: Location): ConfigFile {
  // Airflow takes an empty AIRFLOW_CONFIG as the current folder, and fails to start.
  if (location.path === '') throw new ConfigError(location.key, '', 'the path of a file');
  return read(input, location, resolve(input.cwd, location.path));
}
