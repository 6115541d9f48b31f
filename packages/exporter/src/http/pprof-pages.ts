import { type HttpAnswer, htmlAnswer, redirectAnswer, textAnswer } from './http-answer.js';
import type { HttpError } from './http-error.js';
import type { HttpRequest } from './http-request.js';
import { indexPage } from './index-page.js';
import { type ProfileQuery, readProfileQuery } from './profile-query.js';
import type { HttpHandler } from './start-http-server.js';

/** A profile that can be fetched. */
export interface ProfilePage {
  /** Last part of the path: `/debug/pprof/<name>`. */
  readonly name: string;
  /** Column that viewers display first. */
  readonly defaultColumn: string;
  /** Content of the profile, for the index page. */
  readonly summary: string;
  /** True if the page accepts `gc`, `seconds`, `since` and `until`, and has a text form. */
  readonly changes: boolean;
}

/** Makes the profiles that a server returns. */
export interface ProfileSource {
  /** Subject of the profiles, for the index page. */
  readonly title: string;
  readonly pages: readonly ProfilePage[];
  /** Returns the names of the profiled components. Undefined where there is only one. */
  components?(): readonly string[];
  /** Additional HTML for the index page. */
  readonly notes: string;
  /** Query parameters that this source does not support, with the reason. */
  readonly unsupported: Readonly<Partial<Record<'gc' | 'since' | 'debug', HttpError>>>;
  /**
   * Rejects a query that cannot be answered now. Also called for HEAD, for which no profile is made.
   *
   * @throws HttpError when the query cannot be answered
   */
  check?(query: ProfileQuery): void;
  /**
   * Returns a gzipped pprof profile.
   *
   * @throws HttpError (rejects) when there is none
   */
  pprof(query: ProfileQuery): Promise<Uint8Array>;
  /** Returns the heap by call site as plain text, for `debug=1`. Absent where that is unsupported. */
  text?(query: ProfileQuery): Promise<string>;
}

const FOLDER = '/debug/pprof/';

/** Returns the pages of a source by path: the index, and one for each profile. */
export function pprofPages(source: ProfileSource): ReadonlyMap<string, HttpHandler> {
  const toIndex = () => redirectAnswer(FOLDER);
  const pages = new Map<string, HttpHandler>([
    ['/', toIndex],
    ['/debug/pprof', toIndex],
    [FOLDER, () => htmlAnswer(indexPage(source))],
  ]);
  for (const page of source.pages) {
    pages.set(`${FOLDER}${page.name}`, (request) => profileAnswer(request, page, source));
  }
  return pages;
}

async function profileAnswer(
  request: HttpRequest,
  page: ProfilePage,
  source: ProfileSource,
): Promise<HttpAnswer> {
  const query = readProfileQuery(request, page, source);
  source.check?.(query);
  const isHead = request.method === 'HEAD';
  if (query.asText) return textAnswer(isHead ? '' : await source.text!(query));
  const of = query.component === undefined ? '' : `${query.component.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}-`;
  return {
    type: 'application/octet-stream',
    body: isHead ? undefined : await source.pprof(query),
    headers: { 'Content-Disposition': `attachment; filename="${of}${page.name}.pb.gz"` },
  };
}
