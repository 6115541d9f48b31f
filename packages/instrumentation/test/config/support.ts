import { expect } from 'vitest';
import {
  ConfigError,
  type ConfigInput,
  type HeaprayOptions,
  type ResolvedConfig,
  resolveConfig,
} from '../../src/config/index.js';

/** Where the files of a test are, in the shape of a path only: nothing is on disk. */
export const CFG = '/airflow/airflow.cfg';

const PASSWORDS = 'daemonic:x:2:2::/var:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/sh\n';

/** What a test gives; the rest is a bare process in /shop that runs /app/server.js. */
export interface Situation extends Partial<Omit<ConfigInput, 'readFile' | 'code'>> {
  readonly code?: unknown;
  /** Text by absolute path; an `Error` is thrown when the file is read. */
  readonly files?: Readonly<Record<string, string | Error>>;
  /** Text of the config file; AIRFLOW_CONFIG points to it. */
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

/** The error that stops the start, whose message must be one line. */
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

/** An error as the file system throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong`), { code });
}
