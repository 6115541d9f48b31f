import { HttpError } from './http-error.js';
import type { HttpRequest } from './http-request.js';
import type { ProfilePage, ProfileQuery, ProfileSource } from './profile-source.js';

const MAX_SECONDS = 600;
/** One day, in seconds. */
const MAX_AGO = 86_400;
/** Clients that identify stacks by addresses alone: an address, and the start of the user agent. */
const NEEDS_ADDRESSES = /^\S* (?:Alloy|GrafanaAgent)[ /]/;

/**
 * Parses and checks a query.
 *
 * @param unsupported parameters to reject, with the reason. Default: those of the source
 * @throws HttpError for an invalid or unsupported query
 */
export function readProfileQuery(
  { query, client, signal }: HttpRequest,
  { name, defaultColumn, changes }: ProfilePage,
  source: Pick<ProfileSource, 'components' | 'unsupported'>,
  unsupported: ProfileSource['unsupported'] = source.unsupported,
): ProfileQuery {
  const has = (...names: readonly string[]) => names.some((each) => query.has(each));
  for (const [each, reason] of Object.entries(unsupported)) if (asks(query, each)) throw reason;
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
    addresses: readAddresses({ query, client }),
    client,
    signal,
  };
}

/** Returns whether a query uses a parameter. `debug=0` and `gc=0` do not count, and `until` counts as `since`. */
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

/** Reads the parameter `addresses`. Without it, Grafana Alloy gets them. */
export function readAddresses({ query, client }: Pick<HttpRequest, 'query' | 'client'>): boolean {
  const value = query.get('addresses') ?? (NEEDS_ADDRESSES.test(client) ? '1' : '0');
  if (value === '0' || value === '1') return value === '1';
  throw new HttpError(400, 'addresses: expected 1 to give each function an address, or 0');
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

/**
 * Checks the value of a parameter that names a component; without a value, returns the only component.
 *
 * @returns undefined for a source without components
 * @throws HttpError for an unknown name
 */
export function readComponent(
  value: string | null,
  source: Pick<ProfileSource, 'components'>,
  parameter = 'component',
): string | undefined {
  const names = source.components?.();
  if (names === undefined) return undefined;
  if (names.length === 0) throw new HttpError(404, `${parameter}: there is no capture yet`);
  const name = value ?? (names.length === 1 ? names[0]! : '');
  if (names.includes(name)) return name;
  throw new HttpError(value ? 404 : 400, `${parameter}: expected one of ${names.join(', ')}`);
}
