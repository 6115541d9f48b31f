import { ConfigError } from '../table/config-error.js';

/** Sources for replacing `$NAME` and `~`. */
export interface Expansions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Replacement of `~` when `HOME` is not set. */
  readonly homeDir: string | undefined;
  /**
   * Returns the text of a file, or `undefined`. Called for the password file when a value starts with
   * `~user`.
   */
  readonly readFile: (path: string) => string | undefined;
}

/**
 * Limits for recursive values, which are refused. Airflow loops forever on `A=$B B=$A`, and runs out of
 * memory on `A=x$A`.
 */
const MAX_ROUNDS = 100;
const MAX_LENGTH = 1 << 20;

const VARIABLE = /\$(\w+|\{[^}]*\})/g;

/** Returns the value of a variable, or `undefined` if it is not set. */
export function variable(env: Expansions['env'], name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

/** Returns the home folder of a user from the password file, or `undefined` for an unknown user. */
function homeOfUser(user: string, readFile: Expansions['readFile']): string | undefined {
  let passwords: string | undefined;
  try {
    passwords = readFile('/etc/passwd');
  } catch {
    return undefined;
  }
  const fields = passwords?.split('\n').find((line) => line.startsWith(`${user}:`));
  return fields?.split(':')[5];
}

/**
 * Expands a leading `~` or `~user`, as os.path.expanduser does on POSIX; an unknown user stays as written.
 */
function expandUser(text: string, from: Expansions): string {
  if (!text.startsWith('~')) return text;
  const slash = text.indexOf('/');
  const end = slash < 0 ? text.length : slash;
  const user = text.slice(1, end);
  const home = user === '' ? (variable(from.env, 'HOME') ?? from.homeDir) : homeOfUser(user, from.readFile);
  if (home === undefined) return text;
  return home.replace(/\/+$/, '') + text.slice(end) || '/';
}

/**
 * Expands `$NAME` and `${NAME}` once, as os.path.expandvars does on POSIX; an unknown name stays as written.
 */
function expandVariables(text: string, from: Expansions): string | undefined {
  let length = text.length;
  const expanded = text.replace(VARIABLE, (written: string, group: string) => {
    const name = group.startsWith('{') ? group.slice(1, -1) : group;
    const value = variable(from.env, name) ?? written;
    length += value.length - written.length;
    return length > MAX_LENGTH ? '' : value;
  });
  return length > MAX_LENGTH ? undefined : expanded;
}

/**
 * Replaces variables and `~` until nothing changes, as Airflow does with every setting.
 *
 * @throws {ConfigError} naming `key` when the value refers to itself endlessly
 */
export function expandText(text: string, key: string, from: Expansions): string {
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const variablesDone = expandVariables(current, from);
    if (variablesDone === undefined) break;
    const next = expandUser(variablesDone, from);
    if (next === current) return current;
    current = next;
  }
  throw new ConfigError(key, text, 'a value whose variables do not refer to themselves');
}
