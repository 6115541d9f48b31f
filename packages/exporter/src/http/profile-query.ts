import { HttpError } from './http-error.js';
import type { HttpRequest } from './http-request.js';
import type { ProfilePage, ProfileSource } from './pprof-pages.js';

/** What is asked for, checked. */
export interface ProfileQuery {
  /** Name of the profile, e.g. `heap`. */
  readonly name: string;
  readonly defaultColumn: string;
  /** Which of the source's components; undefined where it has none. */
  readonly component: string | undefined;
  /** Whether text is wanted, and no pprof. */
  readonly asText: boolean;
  /** Whether garbage is to be collected first. */
  readonly collectFirst: boolean;
  /** Set for what changes in so many seconds from now. */
  readonly seconds: number | undefined;
  /** Set for what changed between two moments: so many seconds ago. */
  readonly past: { readonly since: number; readonly until: number } | undefined;
  /** Tells clients apart, as far as that can be known. */
  readonly client: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

const MAX_SECONDS = 600;
/** A day, s. */
const MAX_AGO = 86_400;

/** @throws HttpError for what cannot be answered */
export function readProfileQuery(
  { query, client, signal }: HttpRequest,
  { name, defaultColumn, changes }: ProfilePage,
  source: ProfileSource,
): ProfileQuery {
  const has = (...names: readonly string[]) => names.some((each) => query.has(each));
  for (const [each, reason] of Object.entries(source.unsupported)) if (asks(query, each)) throw reason;
  if (!changes && has('gc', 'seconds', 'since', 'until')) {
    throw new HttpError(400, `gc, seconds, since, until: not on ${name}, only on heap and allocs`);
  }
  const asText = readDebug(query.get('debug'), changes && !has('seconds', 'since', 'until'));
  const seconds = readSeconds(query.get('seconds'));
  const past = readPast(query);
  if (past && seconds !== undefined) throw new HttpError(400, 'since and until: not together with seconds');
  return {
    name,
    defaultColumn,
    component: readComponent(query.get('component'), source),
    asText,
    collectFirst: readGc(query.get('gc')),
    seconds,
    past,
    client,
    signal,
  };
}

/** `debug=0` and `gc=0` ask for nothing, and `until` for the same as `since`. */
function asks(query: URLSearchParams, name: string): boolean {
  if (name === 'since') return query.has('since') || query.has('until');
  return query.has(name) && query.get(name) !== '0';
}

function readDebug(value: string | null, isPossible: boolean): boolean {
  if (value === null || value === '0') return false;
  if (value === '1' && isPossible) return true;
  throw new HttpError(400, 'debug: 1 on heap and allocs, without seconds, since or until; 0 is pprof');
}

function readGc(value: string | null): boolean {
  if (value === null || /^0?$/.test(value)) return false;
  if (/^\d{1,9}$/.test(value)) return true;
  throw new HttpError(400, 'gc: expected 1 to collect garbage first, or 0');
}

function readSeconds(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new HttpError(400, `seconds: expected an integer from 1 to ${MAX_SECONDS}`);
}

function readPast(query: URLSearchParams): ProfileQuery['past'] {
  const [since, until] = [query.get('since'), query.get('until')];
  if (since === null && until === null) return undefined;
  const ago = (text: string | null) => (/^\d{1,5}$/.test(text ?? '') ? Number(text) : Number.NaN);
  const past = { since: ago(since), until: until === null ? 0 : ago(until) };
  if (past.since > past.until && past.since <= MAX_AGO) return past;
  throw new HttpError(
    400,
    `since, until: expected seconds ago with 0 <= until < since <= ${MAX_AGO}; until is 0 when absent`,
  );
}

function readComponent(value: string | null, source: ProfileSource): string | undefined {
  const names = source.components?.();
  if (names === undefined) return undefined;
  if (names.length === 0) throw new HttpError(404, 'component: there is no capture yet');
  const name = value ?? (names.length === 1 ? names[0]! : '');
  if (names.includes(name)) return name;
  throw new HttpError(value ? 404 : 400, `component: expected one of ${names.join(', ')}`);
}
