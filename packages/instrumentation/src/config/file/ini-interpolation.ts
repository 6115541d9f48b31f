import { ConfigError } from '../table/config-error.js';

/** Maximum nesting of references, the same as in Python. */
const MAX_DEPTH = 10;
/** Maximum number of references. Ten levels of wide values could take years; Python has no such limit. */
const MAX_REFERENCES = 10_000;

const TOKEN = /%%|%\(([^)]+)\)s|%/g;
const ALLOWED = 'text whose % is written %%, or %(name)s with the name of a key of the same section';

/**
 * Replaces `%(name)s` with values and `%%` with `%`, as Python's BasicInterpolation does.
 *
 * @param key names the value in messages
 * @param lookUp returns the raw value of a key of the same section
 * @throws {ConfigError} for a lone `%`, an unknown name, or references nested more than ten deep
 */
export function interpolate(raw: string, key: string, lookUp: (name: string) => string | undefined): string {
  let references = 0;
  const fill = (text: string, depth: number): string => {
    if (depth > MAX_DEPTH) throw new ConfigError(key, raw, ALLOWED);
    return text.replace(TOKEN, (token: string, name: string | undefined) => {
      if (token === '%%') return '%';
      const value = name === undefined ? undefined : lookUp(name);
      if (value === undefined || ++references > MAX_REFERENCES) throw new ConfigError(key, raw, ALLOWED);
      return value.includes('%') ? fill(value, depth + 1) : value;
    });
  };
  return fill(raw, 1);
}
