import { join, resolve } from 'node:path';
import { ConfigError } from '../table/config-error.js';
import { OPTION_NAMES, OPTIONS } from '../table/options.js';
import { printable } from '../table/text.js';
import { tolerate } from '../table/tolerate.js';
import type { ConfigInput } from '../table/types.js';
import { mayBeToken, TOKEN_LOST } from '../token-names.js';
import { expandText, variable } from './expand.js';
import { type IniFile, parseIni } from './ini.js';

/** The config file that settings come from, if there is one. */
export interface ConfigFile {
  readonly ini: IniFile | undefined;
  /** As in `ResolvedConfig.sources`. */
  readonly source: string;
  /** Set if settings of the file are not known: all of them because it could not be read, or only the token. */
  readonly lost?: 'all' | 'token';
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
 * @returns true if one of them may be meant as the token
 */
function refuseUnknownKeys(input: ConfigInput, ini: IniFile): boolean {
  const known = OPTION_NAMES.flatMap((option) => OPTIONS[option].file)
    .filter(({ section }) => section === 'heapray')
    .map(({ key }) => key);
  const unknown = ini.keys('heapray').filter((key) => !known.includes(key));
  for (const key of unknown) {
    const refuse = () => {
      throw new ConfigError(`section [heapray] in ${ini.path}`, key, `one of the keys ${known.join(', ')}`);
    };
    tolerate(input, () => false, refuse, undefined, mayBeToken(key) ? TOKEN_LOST : 'it is ignored');
  }
  return unknown.some(mayBeToken);
}

const NONE: ConfigFile = { ini: undefined, source: 'default', warnings: [] };
const UNREAD: ConfigFile = { ...NONE, lost: 'all' };

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
  const isTokenLost = refuseUnknownKeys(input, ini);
  return { ini, source, warnings: [], ...(isTokenLost && { lost: 'token' as const }) };
}

/**
 * Finds and reads the config file. A file that only Airflow's variables point to may be absent, since Airflow
 * creates it when it starts, or unreadable.
 *
 * @throws {ConfigError} when heapray's own file is missing, the path is a folder, the text cannot be read or
 *   is not valid INI, or `[heapray]` has an unknown key
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
