import {
  HttpError,
  type HttpHandler,
  type LiveSource,
  livePages,
  type ProfilePage,
  type ProfileQuery,
  type ProfileSource,
  pprofPages,
} from '@heapray/exporter/http';

/** Makes the profiles and data that the server returns. */
export interface ProfileProvider {
  /** Makes the data of the live page. */
  readonly live: Pick<LiveSource, 'overview' | 'profile' | 'difference'>;
  /**
   * Returns the cumulative profile, or with `seconds` or `past` the change over that time, as gzipped pprof.
   *
   * @throws HttpError (rejects) when there is none, or none now
   */
  pprof(query: ProfileQuery): Promise<Uint8Array>;
  /** Returns the heap by call site as plain text, sorted by the default column. */
  text(query: ProfileQuery): Promise<string>;
}

export interface DebugPagesOptions {
  /** True if clients may trigger a garbage collection. */
  readonly allowGc: boolean;
  /** Processes that the pages are of, this one first. */
  readonly processes?: ProfileSource['processes'];
}

const PAGES: readonly ProfilePage[] = [
  {
    name: 'heap',
    defaultColumn: 'inuse_space',
    summary: 'what is in use now, and who allocated it',
    changes: true,
  },
  {
    name: 'allocs',
    defaultColumn: 'alloc_space',
    summary: 'what was allocated since the start',
    changes: true,
  },
  {
    name: 'peak',
    defaultColumn: 'peak_space',
    summary: 'what was in use at the high-water mark',
    changes: false,
  },
];

/** Only below `/debug/pprof`: the live page shows suspects itself. */
const LEAK_PAGE: ProfilePage = {
  name: 'leak',
  defaultColumn: 'inuse_space',
  summary: 'what the leak suspects have in use',
  changes: false,
};

const NOTES = `<p>Each is a gzipped pprof file. <code>heap</code> and <code>allocs</code> have four columns, <code>alloc_objects</code>,
<code>alloc_space</code>, <code>inuse_objects</code> and <code>inuse_space</code>; <code>peak</code> has two,
<code>peak_objects</code> and <code>peak_space</code>; <code>leak</code> is <code>heap</code> without all call sites that
are not suspected to leak. Open it with any pprof viewer, for example
<code>go tool pprof -http=: http://HOST:PORT/debug/pprof/heap</code>. With <code>?seconds=N</code> the first two
hold what changed over the next N seconds; with <code>?since=600&amp;until=300</code> what changed between two moments, so
many seconds ago, as far as states are kept: one for each window of the leak detection, sixteen at the most.</p>`;

/**
 * Returns the pages `/debug/pprof/*` and `/debug/ui` of this process, by path. They are made on the profiler thread, so that
 * a request costs the application no more than one poll. They never access the file system.
 */
export function debugPages(
  provider: ProfileProvider,
  { allowGc, processes }: DebugPagesOptions,
): ReadonlyMap<string, HttpHandler> {
  const noGc = new HttpError(
    403,
    'gc: collecting garbage for a profile is not allowed here; the option allowGc (HEAPRAY_ALLOW_GC=true) allows it',
  );
  const unsupported = allowGc ? {} : { gc: noGc };
  const profiles = pprofPages({
    title: 'memory profiles of this process',
    pages: [...PAGES, LEAK_PAGE],
    notes: NOTES,
    unsupported,
    ...(processes && { processes }),
    pprof: (query) => provider.pprof(query),
    text: (query) => provider.text(query),
  });
  const { live } = provider;
  const ui = livePages({
    pages: PAGES,
    unsupported,
    page: async () => (await import('@heapray/exporter/page')).livePage(),
    overview: (format) => live.overview(format),
    profile: (query, format) => live.profile(query, format),
    difference: (query) => live.difference(query),
  });
  return new Map([...profiles, ...ui]);
}
