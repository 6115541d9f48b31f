import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type ExportClock, systemClock } from './export-clock.js';
import type { ExportLog } from './export-log.js';
import type { Transport } from './http/transport.js';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Clock, log, variables and connection of an exporter. */
export interface ExporterDeps {
  /** Default: `process.env`. */
  readonly env?: Environment | undefined;
  /** Default: no messages. */
  readonly log?: ExportLog | undefined;
  /** Default: the system's clock. */
  readonly clock?: ExportClock | undefined;
  /** Default: HTTP. */
  readonly transport?: Transport | undefined;
}

/** Returns the dependencies with their defaults. */
export function withDefaults(deps: ExporterDeps): {
  readonly env: Environment;
  readonly log: ExportLog;
  readonly clock: ExportClock;
  readonly transport: Transport | undefined;
} {
  const { env = process.env, log = () => {}, clock = systemClock, transport } = deps;
  return { env, log, clock, transport };
}

/**
 * Reads environment variables. An empty one counts as not set. One that is not valid causes a warning.
 */
export class EnvironmentReader {
  readonly #env: Environment;
  readonly #log: ExportLog;
  #problem: string | undefined;

  constructor(env: Environment, log: ExportLog) {
    this.#env = env;
    this.#log = log;
  }

  /** The first variable that {@link destination} has found not valid, as a message. Nothing may be sent then. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Returns the first of these variables that is set, with its name. */
  first(names: readonly string[]): { readonly name: string; readonly value: string } | undefined {
    for (const name of names) {
      const value = this.#env[name]?.trim();
      if (value !== undefined && value !== '') return { name, value };
    }
    return undefined;
  }

  text(...names: readonly string[]): string | undefined {
    return this.first(names)?.value;
  }

  /** Returns a variable that is one of these words. */
  choice<T extends string>(names: readonly string[], words: readonly T[]): T | undefined {
    return this.parsed(names, words.join(' or '), (value) => words.find((word) => word === value));
  }

  /** Returns a time in ms. */
  millis(names: readonly string[]): number | undefined {
    return this.parsed(names, 'a whole number of milliseconds from 1 to 86400000', (value) => {
      const millis = /^\d{1,8}$/.test(value) ? Number(value) : 0;
      return millis >= 1 && millis <= 86_400_000 ? millis : undefined;
    });
  }

  /** Returns the value that `parse` makes of the first of these variables that is set. */
  parsed<T>(
    names: readonly string[],
    expected: string,
    parse: (value: string) => T | undefined,
  ): T | undefined {
    const found = this.first(names);
    if (found === undefined) return undefined;
    const parsed = parse(found.value);
    if (parsed === undefined) {
      const shown = JSON.stringify(found.value);
      this.warn(`${found.name}: ${shown} is not valid: expected ${expected}; using the default`);
    }
    return parsed;
  }

  /**
   * Returns a variable as {@link parsed} does, if it decides who gets the data. One that is not valid is a
   * {@link problem}: the data must not go to others instead. Messages leave the value out, because it may be secret.
   */
  destination<T>(name: string, expected: string, parse: (value: string) => T | undefined): T | undefined {
    const found = this.first([name]);
    if (found === undefined) return undefined;
    const parsed = parse(found.value);
    if (parsed === undefined) {
      const problem = `${name}: its value is not valid: expected ${expected}`;
      this.#problem ??= problem;
      this.warn(`${problem}; no profiles are sent`);
    }
    return parsed;
  }

  /**
   * Returns headers written as `name=value,name=value`, with percent-encoded values. A part that is not valid is a
   * {@link problem}, because it may name the tenant.
   */
  headers(name: string): Readonly<Record<string, string>> {
    const parts = (this.text(name) ?? '').split(',').map(parseHeader);
    const headers = parts.flatMap((part) => part ?? []);
    const wrong = parts.flatMap((part, at) => (part === undefined ? at + 1 : []));
    const expected = `name=value, percent-encoded, in part ${wrong.join(', ')}`;
    const parse = () => (wrong.length > 0 ? undefined : Object.fromEntries(headers));
    return this.destination(name, expected, parse) ?? {};
  }

  warn(text: string): void {
    this.#log('warn', text);
  }
}

/** Returns the header of a part, none for an empty part, and undefined for one that is not valid. */
function parseHeader(part: string): readonly (readonly [string, string])[] | undefined {
  if (part.trim() === '') return [];
  const at = part.indexOf('=');
  if (at < 0) return undefined;
  try {
    const name = part.slice(0, at).trim();
    const value = decodeURIComponent(part.slice(at + 1).trim());
    assertHeader(name, value);
    return [[name, value]];
  } catch {
    return undefined;
  }
}

/** @throws RangeError for a header that HTTP does not allow, without its value */
export function assertHeader(name: string, value: string): void {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new RangeError(
      `header ${JSON.stringify(name)}: not valid: expected a name and value that HTTP allows`,
    );
  }
}
