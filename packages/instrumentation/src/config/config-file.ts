import { join, resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { expandText, variable } from './expand.js';
import { type IniFile, parseIni } from './ini.js';
import { OPTION_NAMES, OPTIONS } from './options.js';
import type { ConfigInput } from './types.js';

/** The file settings come from, as far as there is one. */
export interface ConfigFile {
  readonly ini: IniFile | undefined;
  /** As in `ResolvedConfig.sources`. */
  readonly source: string;
  readonly warnings: readonly string[];
}

/** A path somebody gave. `mustExist` tells heapray's own setting from one that a whole Airflow shares. */
interface Location {
  readonly path: string;
  readonly source: string;
  readonly key: string;
  readonly mustExist: boolean;
}

function fromVariable(input: ConfigInput, key: string): Location | undefined {
  const text = variable(input.env, key);
  if (text === undefined) return undefined;
  return {
    path: expandText(text, key, input),
    source: `env:${key}`,
    key,
    mustExist: key === 'HEAPRAY_CONFIG',
  };
}

function locate(input: ConfigInput): Location | undefined {
  const code = input.code?.configFile ?? input.defaults?.configFile;
  if (code !== undefined) {
    const source = input.code?.configFile === undefined ? 'default' : 'code';
    const accepted = OPTIONS.configFile.kind.fromCode(code);
    if (accepted === undefined) throw new ConfigError('configFile', code, OPTIONS.configFile.kind.allowed);
    const path = expandText(code, 'configFile', input);
    return { path, source, key: 'configFile', mustExist: true };
  }
  // Empty, AIRFLOW_CONFIG is the current folder to Airflow, which does not start on that; ours counts as not set.
  if (variable(input.env, 'HEAPRAY_CONFIG')) return fromVariable(input, 'HEAPRAY_CONFIG');
  const airflow = fromVariable(input, 'AIRFLOW_CONFIG');
  if (airflow !== undefined) return airflow;
  const home = fromVariable(input, 'AIRFLOW_HOME');
  return home?.path ? { ...home, path: join(home.path, 'airflow.cfg') } : undefined;
}

function isDirectoryError(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === 'EISDIR';
}

/** An unknown key is a slip of the pen in a section that is ours alone. */
function refuseUnknownKeys(ini: IniFile): void {
  const known = OPTION_NAMES.flatMap((option) => OPTIONS[option].file)
    .filter(({ section }) => section === 'heapray')
    .map(({ key }) => key);
  for (const key of ini.keys('heapray')) {
    if (!known.includes(key)) {
      throw new ConfigError(`section [heapray] in ${ini.path}`, key, `one of the keys ${known.join(', ')}`);
    }
  }
}

/**
 * Finds and reads the config file. One that only Airflow's variables point to may be absent or unreadable, since
 * Airflow makes it when it starts and keeps it to its own user.
 * @throws {ConfigError} when heapray's own file is missing, the path is a folder, the text is not valid INI, or
 * `[heapray]` has an unknown key.
 */
export function readConfigFile(input: ConfigInput): ConfigFile {
  const location = locate(input);
  if (location === undefined) return { ini: undefined, source: 'default', warnings: [] };
  const { key, source, mustExist } = location;
  if (location.path === '') throw new ConfigError(key, '', 'the path of a file');
  const path = resolve(input.cwd, location.path);
  let text: string | undefined;
  try {
    text = input.readFile(path);
  } catch (error) {
    if (mustExist || isDirectoryError(error)) throw new ConfigError(key, path, 'a file that can be read');
    const reason = error instanceof Error ? error.message : String(error);
    const warning = `${path} (${source}) cannot be read and is ignored: ${reason}`.replace(/\s+/g, ' ');
    return { ini: undefined, source: 'default', warnings: [warning] };
  }
  if (text === undefined && mustExist) throw new ConfigError(key, path, 'a file that exists');
  if (text === undefined) return { ini: undefined, source: 'default', warnings: [] };
  const ini = parseIni(text, path);
  refuseUnknownKeys(ini);
  return { ini, source, warnings: [] };
}
