import { type HttpAnswer, htmlAnswer, redirectAnswer, textAnswer } from './http-answer.js';
import type { HttpRequest } from './http-request.js';
import { indexPage } from './index-page.js';
import { readProfileQuery } from './profile-query.js';
import type { ProfilePage, ProfileSource } from './profile-source.js';
import type { HttpHandler } from './start-http-server.js';

const FOLDER = '/debug/pprof/';

/** Returns the pages of a source by path: the index, and one for each profile. */
export function pprofPages(source: ProfileSource): ReadonlyMap<string, HttpHandler> {
  const toIndex = () => redirectAnswer(FOLDER);
  const pages = new Map<string, HttpHandler>([
    ['/', toIndex],
    ['/debug/pprof', toIndex],
    [FOLDER, () => htmlAnswer(indexPage(source))],
    // Where the index links to; there the live page may lie beside the profiles.
    [`${FOLDER}ui`, () => redirectAnswer('../ui')],
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
