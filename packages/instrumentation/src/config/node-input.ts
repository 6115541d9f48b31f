import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { readRegularFile } from './regular-file.js';
import type { ConfigInput } from './types.js';

/** Airflow's own file has some 100 KB; the password file of a large site has less than this too. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** What a missing file, or a missing folder on the way to it, is reported as. */
const ABSENT = ['ENOENT', 'ENOTDIR'];

/**
 * The text of a file, or `undefined` when there is none. A mark at the start of UTF-8 text is kept.
 * @throws the error of the file system, or a `TypeError` when the bytes are not UTF-8.
 */
function readText(path: string): string | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readRegularFile(path, MAX_CONFIG_BYTES);
  } catch (error) {
    if (error instanceof Error && ABSENT.includes(String(Reflect.get(error, 'code')))) return undefined;
    throw error;
  }
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** The home folder of the user, or `undefined` for a user id that has none, as containers make up. */
function userHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** The working folder, or, when that was removed, the folder of the main script. */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return dirname(process.argv[1] ?? '/');
  }
}

/** The script that Node runs; undefined for code from the command line, where words may be in its place, or from a pipe. */
function mainScript(): string | undefined {
  const [, script] = process.argv;
  return script === '-' || Reflect.get(process, '_eval') !== undefined ? undefined : script;
}

/** What `resolveConfig` needs to know of the process it runs in. */
export function nodeConfigInput(): Pick<ConfigInput, 'env' | 'readFile' | 'cwd' | 'mainScript' | 'homeDir'> {
  return {
    env: process.env,
    readFile: readText,
    cwd: workingFolder(),
    mainScript: mainScript(),
    homeDir: userHome(),
  };
}
