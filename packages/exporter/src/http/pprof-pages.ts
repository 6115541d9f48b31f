import { type HttpAnswer, htmlAnswer, redirectAnswer, textAnswer } from './http-answer.js';
import type { HttpError } from './http-error.js';
import type { HttpRequest } from './http-request.js';
import { indexPage } from './index-page.js';
import { type ProfileQuery, readProfileQuery } from './profile-query.js';
import type { HttpHandler } from './start-http-server.js';

/** A profile that can be fetched. */
export interface ProfilePage {
  /** Last part of its path: it is at `/debug/pprof/<name>`. */
  readonly name: string;
  /** Column that viewers show first. */
  readonly defaultColumn: string;
  /** What it holds, for the index page. */
  readonly summary: string;
  /** Whether what changes can be asked for, and its text. */
  readonly changes: boolean;
}

/** Makes the profiles that a server hands out. */
export interface ProfileSource {
  /** What the profiles are of, for the index page. */
  readonly title: string;
  readonly pages: readonly ProfilePage[];
  /** Names of what there are profiles of; undefined where there is only one. */
  components?(): readonly string[];
  /** More for the index page, as HTML. */
  readonly notes: string;
  /** Parts of a query that this source cannot answer, with the reason. */
  readonly unsupported: Readonly<Partial<Record<'gc' | 'since' | 'debug', HttpError>>>;
  /**
   * Refuses at once what cannot be answered now, also a HEAD, for which no profile is made.
   *
   * @throws HttpError
   */
  check?(query: ProfileQuery): void;
  /**
   * A gzipped pprof profile.
   *
   * @throws HttpError (rejects) when there is none
   */
  pprof(query: ProfileQuery): Promise<Uint8Array>;
  /** The heap by call site as plain text, for `debug=1`; absent where that is unsupported. */
  text?(query: ProfileQuery): Promise<string>;
}

const FOLDER = '/debug/pprof/';

/** The pages of a source: the index, and one for each profile. */
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
