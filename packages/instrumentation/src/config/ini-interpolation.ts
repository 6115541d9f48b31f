import { ConfigError } from './config-error.js';

/** How deep references may nest: Python's own limit. */
const MAX_DEPTH = 10;
/** Ten levels of wide values could still take years; Python would take them. */
const MAX_REFERENCES = 10_000;

const TOKEN = /%%|%\(([^)]+)\)s|%/g;
const ALLOWED = 'text whose % is written %%, or %(name)s with the name of a key of the same section';

/**
 * Fills in `%(name)s` and turns `%%` into `%`, as Python's BasicInterpolation does.
 * @param key names the value in messages.
 * @param lookUp the raw value of a key of the same section.
 * @throws {ConfigError} for a lone `%`, a name that is not there, or references that nest more than ten deep.
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
