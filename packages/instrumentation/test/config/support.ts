import { expect } from 'vitest';
import {
  ConfigError,
  type ConfigInput,
  type HeaprayOptions,
  type ResolvedConfig,
  resolveConfig,
} from '../../src/config/index.js';

/** Path of the config file in tests; only a name, nothing is on disk. */
export const CFG = '/airflow/airflow.cfg';

const PASSWORDS = 'daemonic:x:2:2::/var:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/sh\n';

/** Input of a test; by default, a bare process in /shop that runs /app/server.js. */
export interface Situation extends Partial<Omit<ConfigInput, 'readFile' | 'code'>> {
  readonly code?: unknown;
  /** Text by absolute path; an `Error` is thrown when the file is read. */
  readonly files?: Readonly<Record<string, string | Error>>;
  /** Text of the config file, to which AIRFLOW_CONFIG points. */
  readonly cfg?: string;
}

export function inputOf({ files = {}, cfg, env = {}, code, ...rest }: Situation): ConfigInput {
  const all: Record<string, string | Error> = { '/etc/passwd': PASSWORDS, ...files };
  if (cfg !== undefined) all[CFG] = cfg;
  return {
    env: cfg === undefined ? env : { AIRFLOW_CONFIG: CFG, ...env },
    cwd: '/shop',
    mainScript: '/app/server.js',
    homeDir: '/home/me',
    ...rest,
    code: code as HeaprayOptions | undefined,
    readFile: (path) => {
      const text = Object.hasOwn(all, path) ? all[path] : undefined;
      if (text instanceof Error) throw text;
      return text;
    },
  };
}

export function configOf(situation: Situation = {}): ResolvedConfig {
  return resolveConfig(inputOf(situation));
}

/** Returns the error of a refused configuration; its message must be one line. */
export function refusalOf(situation: Situation): ConfigError {
  try {
    configOf(situation);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).not.toMatch(/[\n\r\u2028\u2029]/);
    return error as ConfigError;
  }
  throw new Error(`nothing was refused: ${JSON.stringify(situation)}`);
}

/** Makes an error like those of the file system. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong`), { code });
}
