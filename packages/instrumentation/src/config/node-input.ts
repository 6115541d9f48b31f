import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { readRegularFile } from './file/regular-file.js';
import type { ConfigInput } from './table/types.js';

/**
 * Maximum file size, in bytes. Airflow's own file has about 100 KB, and even password files of large sites
 * have less.
 */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** Error codes for a missing file, or a missing folder in its path. */
const ABSENT = ['ENOENT', 'ENOTDIR'];

/**
 * Returns the text of a file, or `undefined` if it does not exist. Keeps a byte order mark.
 *
 * @throws the error of the file system, or a `TypeError` when the bytes are not UTF-8
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

/** Returns the user's home folder, or `undefined` for a user id without one, as in containers. */
function userHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Returns the working folder, or, if it was removed, the folder of the main script. */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return dirname(process.argv[1] ?? '/');
  }
}

/** Returns the script that Node runs; undefined for code from the command line or from a pipe. */
function mainScript(): string | undefined {
  const [, script] = process.argv;
  return script === '-' || Reflect.get(process, '_eval') !== undefined ? undefined : script;
}

/** Returns the input of `resolveConfig` that comes from this process. */
export function nodeConfigInput(): Pick<ConfigInput, 'env' | 'readFile' | 'cwd' | 'mainScript' | 'homeDir'> {
  return {
    env: process.env,
    readFile: readText,
    cwd: workingFolder(),
    mainScript: mainScript(),
    homeDir: userHome(),
  };
}
