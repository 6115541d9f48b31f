import { isIPv6 } from 'node:net';
import { strip } from './text.js';

/** An accepted value; the wrapper separates "accepted and undefined" from "not accepted". */
export interface Accepted<T> {
  readonly value: T;
}

/** Address that a server listens on. An IPv6 `host` has no brackets; port 0 means any free port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * A kind of option: how to parse it and how to describe it.
 *
 * @typeParam Value what the option resolves to
 * @typeParam Given what code may pass
 */
export interface Kind<Value, Given = Value> {
  /** Allowed values, as shown in messages and docs. */
  readonly allowed: string;
  /** True if `$VAR` and `~` are replaced before parsing. */
  readonly expands: boolean;
  /** True if messages and lists must not show the value. */
  readonly isSecret?: boolean;
  /** Parses text from the environment or a file; `undefined` if it is not allowed. */
  fromText(text: string): Accepted<Value> | undefined;
  /** Checks a value from code; `undefined` if it is not allowed. */
  fromCode(value: unknown): Accepted<Value> | undefined;
  /** Carries the type of what code may pass; never set. */
  readonly given?: Given;
}

/**
 * Airflow's boolean: ignores blanks, case and anything from `#` on. `yes`, `on` and the empty text are wrong.
 */
export const boolean: Kind<boolean> = {
  allowed: 't, true, 1, f, false or 0',
  expands: true,
  fromText: (text) => {
    const word = strip(text.toLowerCase().split('#', 1)[0] ?? '');
    if (['t', 'true', '1'].includes(word)) return { value: true };
    return ['f', 'false', '0'].includes(word) ? { value: false } : undefined;
  },
  fromCode: (value) => (typeof value === 'boolean' ? { value } : undefined),
};

/** A boolean that may also be written as `on` or `off`. */
export const onOff: Kind<boolean> = {
  allowed: 'on, off, t, true, 1, f, false or 0',
  expands: true,
  fromText: (text) => {
    const word = strip(text.toLowerCase().split('#', 1)[0] ?? '');
    return word === 'on' || word === 'off' ? { value: word === 'on' } : boolean.fromText(text);
  },
  fromCode: boolean.fromCode,
};

/** The limits of a number, both inclusive. */
interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

function numeric(
  range: Range,
  what: string,
  pattern: RegExp,
  isRight: (value: number) => boolean,
): Kind<number> {
  const fromCode = (value: unknown): Accepted<number> | undefined => {
    const right = typeof value === 'number' && isRight(value) && value >= range.min && value <= range.max;
    return right ? { value } : undefined;
  };
  return {
    allowed: `${what} from ${range.min} to ${range.max} (${range.unit})`,
    expands: true,
    fromText: (text) => (pattern.test(strip(text)) ? fromCode(Number(strip(text))) : undefined),
    fromCode,
  };
}

/** A whole number in decimal digits. */
export function integer(range: Range): Kind<number> {
  return numeric(range, 'an integer', /^\d+$/, Number.isSafeInteger);
}

/** A decimal number, with or without an exponent. */
export function decimal(range: Range): Kind<number> {
  return numeric(range, 'a number', /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, Number.isFinite);
}

/** One of a few numbers. */
export function choice<const T extends number>(values: readonly T[]): Kind<T> {
  const find = (wanted: unknown): Accepted<T> | undefined => {
    const value = values.find((one) => one === wanted);
    return value === undefined ? undefined : { value };
  };
  return {
    allowed: `one of ${values.join(', ')}`,
    expands: true,
    fromText: (text) => (/^\d+$/.test(strip(text)) ? find(Number(strip(text))) : undefined),
    fromCode: find,
  };
}

/** One of a few words. */
export function word<const T extends string>(words: readonly T[]): Kind<T> {
  const find = (wanted: unknown): Accepted<T> | undefined => {
    const value = words.find((one) => one === wanted);
    return value === undefined ? undefined : { value };
  };
  return {
    allowed: `one of ${words.join(', ')}`,
    expands: true,
    fromText: (text) => find(strip(text.toLowerCase())),
    fromCode: find,
  };
}

/**
 * A boolean with more to say: one of a few words, or a boolean that stands for one of them.
 *
 * @param words the words that `false` and `true` stand for, then the others
 */
export function switchWord<const T extends string>(words: readonly [T, T, ...T[]]): Kind<T, T | boolean> {
  const of = (value: boolean): Accepted<T> => ({ value: words[value ? 1 : 0] });
  const named = word<T>(words);
  return {
    allowed: `${named.allowed}; or a boolean (false: ${words[0]}, true: ${words[1]})`,
    expands: true,
    fromText: (text) => {
      const flag = boolean.fromText(text);
      return flag ? of(flag.value) : named.fromText(text);
    },
    fromCode: (value) => (typeof value === 'boolean' ? of(value) : named.fromCode(value)),
  };
}

/** Some of a few words, in a comma-separated list. The empty text and `off` both mean none. */
export function words<const T extends string>(
  all: readonly T[],
): Kind<readonly T[], readonly T[] | T | 'off'> {
  const { fromText } = word(all);
  const every = (given: readonly string[]): Accepted<readonly T[]> | undefined => {
    const found = given.flatMap((one) => fromText(one)?.value ?? []);
    return found.length === given.length ? { value: [...new Set(found)] } : undefined;
  };
  const kind: Kind<readonly T[], readonly T[] | T | 'off'> = {
    allowed: `${all.join(', ')} or ${all.length > 2 ? 'several' : 'both'} with a comma between them, or off`,
    expands: true,
    fromText: (text) => {
      const only = strip(text).toLowerCase();
      return only === '' || only === 'off' ? { value: [] } : every(text.split(','));
    },
    fromCode: (value) => {
      if (typeof value === 'string') return kind.fromText(value);
      const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
      return isList ? every(value) : undefined;
    },
  };
  return kind;
}

/** A secret of visible ASCII characters, or `off` for none. */
export const secret: Kind<string | undefined, string> = {
  allowed: '8 to 256 characters from ! to ~, or off',
  expands: false,
  isSecret: true,
  fromText: (text) => secret.fromCode(strip(text)),
  fromCode: (value) => {
    if (typeof value !== 'string') return undefined;
    if (value.toLowerCase() === 'off') return { value: undefined };
    return /^[!-~]{8,256}$/.test(value) ? { value } : undefined;
  },
};

/** A path as written; the code that uses it makes it absolute. */
export const path: Kind<string> = {
  allowed: 'a path on one line',
  expands: true,
  fromText: (text) => path.fromCode(text),
  // Refuse line feeds: a value on the line below its key starts with one, and it belongs to no folder's name.
  fromCode: (value) =>
    typeof value === 'string' && value !== '' && !/[\0\n\r]/.test(value) ? { value } : undefined,
};

/** A path, or `off` for none. */
export const pathOrOff: Kind<string | undefined, string> = {
  allowed: `${path.allowed}, or off`,
  expands: true,
  fromText: (text) => (strip(text).toLowerCase() === 'off' ? { value: undefined } : path.fromCode(text)),
  fromCode: (value) => (value === 'off' ? { value: undefined } : path.fromCode(value)),
};

/** Maximum length of a component name; with `_memory.bin` after it, a file name stays under 255 bytes. */
export const MAX_NAME_LENGTH = 80;

/**
 * Characters that a component name must not contain: it is part of a file name and an item of a comma list.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
export const NAME_FORBIDS: RegExp = /[\x00-\x1f\x7f-\x9f\u2028\u2029/\\,]/g;

/** The name of a component. */
export const name: Kind<string> = {
  allowed: `1 to ${MAX_NAME_LENGTH} characters, without / \\ , or control characters`,
  // The name is not a path, so it is not expanded: OTEL_SERVICE_NAME must mean the same as in the OpenTelemetry SDK.
  expands: false,
  fromText: (text) => {
    const value = strip(text);
    const right = value !== '' && value.length <= MAX_NAME_LENGTH && value.search(NAME_FORBIDS) < 0;
    return right ? { value } : undefined;
  },
  fromCode: (value) => (typeof value === 'string' ? name.fromText(value) : undefined),
};

/**
 * A comma-separated list as Airflow splits it: only the empty text is an empty list; items are stripped and
 * may be empty.
 */
export const list: Kind<readonly string[], readonly string[] | string> = {
  allowed: 'names with commas between them',
  expands: true,
  fromText: (text) => ({ value: text === '' ? [] : text.split(',').map(strip) }),
  fromCode: (value) => {
    if (typeof value === 'string') return list.fromText(value);
    if (!Array.isArray(value)) return undefined;
    const items: unknown[] = [...value];
    return items.every((item) => typeof item === 'string') ? { value: items.map(strip) } : undefined;
  },
};

/** A local port. The empty text and `off` both mean none. */
export const port: Kind<number | undefined, number | 'off'> = {
  allowed: 'a port from 1 to 65535, or off',
  expands: true,
  fromText: (text) => {
    const word = strip(text).toLowerCase();
    if (word === '' || word === 'off') return { value: undefined };
    return /^\d{1,5}$/.test(word) ? port.fromCode(Number(word)) : undefined;
  },
  fromCode: (value) => {
    if (value === 'off') return { value: undefined };
    const right = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
    return right ? { value } : undefined;
  },
};

const HOST_PORT = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[\w.-]+)):(?<port>\d{1,5})$/;

function hostPortFrom(host: unknown, port: unknown): Accepted<HostPort> | undefined {
  if (typeof host !== 'string' || !(isIPv6(host) || /^[\w.-]+$/.test(host))) return undefined;
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
  return { value: { host, port } };
}

/**
 * An address to listen on. The empty text and `off` both mean none, so that an empty variable disables a
 * server.
 */
export const hostPort: Kind<HostPort | undefined, HostPort | string> = {
  allowed: 'host:port or [IPv6]:port with a port from 0 to 65535, or off',
  expands: true,
  fromText: (text) => {
    const address = strip(text);
    if (address === '' || address.toLowerCase() === 'off') return { value: undefined };
    const { v6, host, port } = HOST_PORT.exec(address)?.groups ?? {};
    if (v6 !== undefined && !isIPv6(v6)) return undefined;
    return hostPortFrom(v6 ?? host, Number(port));
  },
  fromCode: (value) => {
    if (typeof value === 'string') return hostPort.fromText(value);
    if (typeof value !== 'object' || value === null) return undefined;
    return hostPortFrom(Reflect.get(value, 'host'), Reflect.get(value, 'port'));
  },
};
