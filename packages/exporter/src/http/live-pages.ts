import { type HttpAnswer, redirectAnswer } from './http-answer.js';
import { HttpError } from './http-error.js';
import type { HttpRequest } from './http-request.js';
import { readComponent, readProfileQuery } from './profile-query.js';
import type { ProfileQuery, ProfileSource } from './profile-source.js';
import type { HttpHandler } from './start-http-server.js';

/** The parts of the live page. */
export interface LivePage {
  readonly html: string;
  readonly script: string;
  readonly style: string;
  /** Script of the page's worker. */
  readonly holders: string;
}

/** Makes the data of the live page. */
export interface LiveSource extends Pick<ProfileSource, 'pages' | 'components' | 'unsupported' | 'check'> {
  /** Loads the page; called with the first request for a part of it. */
  page(): Promise<LivePage>;
  /**
   * Returns what is known now, as the JSON of `OverviewData`.
   *
   * @throws HttpError (rejects) when it cannot be made now
   */
  overview(request: DataFormat): Promise<Uint8Array>;
  /**
   * Returns a profile as the JSON of `PageData`.
   *
   * @throws HttpError (rejects) when there is none, or none now
   */
  profile(query: ProfileQuery, format: DataFormat): Promise<Uint8Array>;
  /**
   * Returns two profiles to compare, as the JSON of `PageData`.
   *
   * @throws HttpError (rejects) for an unsupported query, or when there are none
   */
  difference(query: DifferenceQuery): Promise<Uint8Array>;
}

/** How a client wants data, and who it is. */
export interface DataFormat {
  /** True if the JSON is to be compressed with gzip. */
  readonly gzip: boolean;
  /** Identifies a client as far as possible. */
  readonly client: string;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** The checked query of a request for two profiles. */
export interface DifferenceQuery extends DataFormat {
  /** One of the source's components; undefined where the source has none. */
  readonly component: string | undefined;
  /** Another component to compare with; undefined unless requested. */
  readonly other: string | undefined;
  /** Moments in ms since the Unix epoch; `after` is undefined for now. Both undefined with `other`. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

interface StaticFile {
  readonly plain: string;
  readonly tag: string;
  /** Made for the first client that accepts it. */
  gzipped: Uint8Array | undefined;
}

const PAGE = '/debug/ui';
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";
/** Headers of all answers here. */
const COMMON = { 'Cross-Origin-Resource-Policy': 'same-origin', 'Referrer-Policy': 'no-referrer' };
const AS_TEXT = new HttpError(400, 'debug: not supported here; see /debug/pprof/');

/** Returns the live page, with its data, by path. */
export function livePages(source: LiveSource): ReadonlyMap<string, HttpHandler> {
  let loading: Promise<LivePage> | undefined;
  const load = () => {
    loading ??= source.page().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const part = (type: string, partOf: (page: LivePage) => string): HttpHandler =>
    staticAnswer(`${type}; charset=utf-8`, async () => partOf(await load()));
  return new Map<string, HttpHandler>([
    [PAGE, async () => htmlAnswer((await load()).html)],
    [`${PAGE}/`, () => redirectAnswer('../ui')],
    [`${PAGE}/page.js`, part('text/javascript', ({ script }) => script)],
    [`${PAGE}/page.css`, part('text/css', ({ style }) => style)],
    [`${PAGE}/holders.js`, part('text/javascript', ({ holders }) => holders)],
    [`${PAGE}/overview.json`, (request) => dataAnswer(request, (format) => source.overview(format))],
    [`${PAGE}/profile.json`, (request) => profileAnswer(request, source)],
    [`${PAGE}/diff.json`, (request) => differenceAnswer(request, source)],
  ]);
}

function htmlAnswer(body: string): HttpAnswer {
  const headers = { ...COMMON, 'Content-Security-Policy': CSP, 'Cache-Control': 'no-cache' };
  return { type: 'text/html; charset=utf-8', body, headers };
}

async function profileAnswer(request: HttpRequest, source: LiveSource): Promise<HttpAnswer> {
  const name = request.query.get('name') ?? source.pages[0]!.name;
  const page = source.pages.find((each) => each.name === name);
  if (page === undefined) {
    throw new HttpError(400, `name: expected one of ${source.pages.map((each) => each.name).join(', ')}`);
  }
  const query = readProfileQuery(request, page, source, { ...source.unsupported, debug: AS_TEXT });
  source.check?.(query);
  return dataAnswer(request, (format) => source.profile(query, format));
}

async function differenceAnswer(request: HttpRequest, source: LiveSource): Promise<HttpAnswer> {
  const { query } = request;
  const component = readComponent(query.get('component'), source);
  const other = query.has('other') ? readComponent(query.get('other'), source, 'other') : undefined;
  const before = readMoment('before', query.get('before'));
  const after = query.get('after') === 'now' ? undefined : readMoment('after', query.get('after'));
  if ((before === undefined) === (other === undefined)) {
    throw new HttpError(
      400,
      'before: expected a moment in ms since the Unix epoch, and after: another, or now',
    );
  }
  if (after !== undefined && (before === undefined || after <= before)) {
    throw new HttpError(400, 'after: expected a later moment than before');
  }
  return dataAnswer(request, (format) => source.difference({ ...format, component, other, before, after }));
}

function readMoment(name: string, value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new HttpError(400, `${name}: expected ms since the Unix epoch`);
}

/** Returns data of the live page as JSON, compressed if the client accepts that. */
export function jsonAnswer(request: HttpRequest, data: unknown): Promise<HttpAnswer> {
  return dataAnswer(request, async ({ gzip }) => {
    const json = Buffer.from(JSON.stringify(data));
    const { gzipSync, constants } = await import('node:zlib');
    // Compress synchronously on this thread: the thread pool belongs to the application.
    return gzip ? gzipSync(json, { level: constants.Z_BEST_SPEED }) : json;
  });
}

async function dataAnswer(
  { method, acceptsGzip: gzip, client, signal }: HttpRequest,
  make: (format: DataFormat) => Promise<Uint8Array>,
): Promise<HttpAnswer> {
  return {
    type: 'application/json; charset=utf-8',
    body: method === 'HEAD' ? undefined : await make({ gzip, client, signal }),
    headers: {
      ...COMMON,
      'Cache-Control': 'no-store',
      Vary: 'Accept-Encoding',
      ...(gzip && { 'Content-Encoding': 'gzip' }),
    },
  };
}

/**
 * Returns a handler for text that never changes while the server runs. Clients may keep it, and ask with
 * `If-None-Match` whether it is still the same.
 *
 * @param load returns the text; called with the first request
 */
function staticAnswer(
  type: string,
  load: () => Promise<string>,
): (request: HttpRequest) => Promise<HttpAnswer> {
  let loaded: StaticFile | undefined;
  return async ({ acceptsGzip, ifNoneMatch }) => {
    loaded ??= await withTag(await load());
    const headers = { ...COMMON, 'Cache-Control': 'no-cache', ETag: loaded.tag, Vary: 'Accept-Encoding' };
    if (ifNoneMatch !== undefined && matches(ifNoneMatch, loaded.tag)) {
      return { status: 304, type, body: undefined, headers };
    }
    if (!acceptsGzip) return { type, body: loaded.plain, headers };
    const { gzipSync } = await import('node:zlib');
    // Compress synchronously on this thread: the thread pool belongs to the application.
    loaded.gzipped ??= gzipSync(loaded.plain);
    return { type, body: loaded.gzipped, headers: { ...headers, 'Content-Encoding': 'gzip' } };
  };
}

async function withTag(plain: string): Promise<StaticFile> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
  // Weak: both encodings have the same tag.
  return { plain, tag: `W/"${hash}"`, gzipped: undefined };
}

/** Returns whether a value of `If-None-Match` names the tag, by weak comparison (RFC 9110, section 13.1.2). */
function matches(ifNoneMatch: string, tag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = (text: string) => text.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((each) => opaque(each) === opaque(tag));
}
