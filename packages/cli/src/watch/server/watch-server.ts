import {
  addressText,
  HttpError,
  type HttpHandler,
  type ListenAddress,
  livePages,
  type ProfilePage,
  type ProfileQuery,
  pprofPages,
  startHttpServer,
} from '@heapray/exporter/http';
import { CommandError, codeOf, messageOf } from '../../errors.js';
import type { LiveContent } from '../overview/live-content.js';
import type { DefaultColumn } from '../profiles/capture-profile.js';
import type { WantedProfile } from '../profiles/watch-profiles.js';

/** Provides the page of metrics. */
export interface MetricsContent {
  /** Resolves to the metrics in Prometheus' text format. */
  bytes(): Promise<Uint8Array>;
}

/** Provides the profiles. */
export interface ProfileContent {
  /** Returns the components that have a profile now. */
  components(): readonly string[];
  /** Returns the components whose captures are being read for the first time. They have no profile until then. */
  reading(): readonly string[];
  /**
   * Resolves to an encoded profile.
   *
   * @throws HttpError (rejects) when there is none
   */
  profile(wanted: WantedProfile): Promise<Uint8Array>;
}

export interface WatchServer {
  readonly address: ListenAddress;
  close(): void;
}

const PAGES: readonly (ProfilePage & { readonly defaultColumn: DefaultColumn })[] = [
  { name: 'heap', defaultColumn: 'inuse_space', summary: 'what is in use now', changes: true },
  {
    name: 'allocs',
    defaultColumn: 'alloc_space',
    summary: 'what was allocated since the start',
    changes: true,
  },
  {
    name: 'peak',
    defaultColumn: 'peak_space',
    summary: 'what was in use when the heap was largest',
    changes: false,
  },
];

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

const NOTES = `<p>Each is a gzipped pprof file with the columns <code>alloc_*</code>, <code>peak_*</code> and
<code>inuse_*</code>. Open it with any pprof viewer, for example
<code>go tool pprof -http=: 'http://HOST:PORT/debug/pprof/heap?component=scheduler'</code>.
With <code>seconds=N</code> the first two hold what changed over the next N seconds.
Metrics are at <a href="/metrics">/metrics</a>.</p>`;

const UNSUPPORTED = {
  gc: new HttpError(400, 'gc: not supported by heapray watch, which cannot collect garbage in the program'),
  since: new HttpError(400, 'since, until: not supported by heapray watch, which keeps no past states'),
  debug: new HttpError(400, 'debug: not supported by heapray watch; use heapray top on the profile'),
};
/** Value of `Retry-After` for a capture that is being read, in seconds. */
const RETRY_SECONDS = 5;

/**
 * Serves `/metrics`, `/debug/pprof/*`, `/debug/ui` and `/healthz` as `startHttpServer` does. Requests do not access the file system,
 * except for the symbols of files with native frames.
 *
 * @throws CommandError (rejects) when the address is taken or not permitted
 */
export async function startWatchServer(
  listen: ListenAddress,
  content: ProfileContent,
  metrics: MetricsContent,
  live: Pick<LiveContent, 'overview' | 'profile' | 'difference'>,
): Promise<WatchServer> {
  const source = {
    pages: PAGES,
    unsupported: UNSUPPORTED,
    components: () => [...content.components(), ...content.reading()],
    check: (query: ProfileQuery) => checkQuery(query, content),
  };
  const wanted = ({ component, name, seconds, signal }: ProfileQuery) => {
    return { component: component!, defaultColumn: columnOf(name), seconds, signal };
  };
  const routes = new Map<string, HttpHandler>([
    ...pprofPages({
      ...source,
      title: 'Memory captures',
      notes: NOTES,
      pprof: (query) => {
        return content.profile({
          ...wanted(query),
          form: query.addresses ? 'pprof with addresses' : 'pprof',
        });
      },
    }),
    ...livePages({
      ...source,
      page: async () => (await import('@heapray/exporter/page')).livePage(),
      overview: (format) => live.overview(format),
      profile: (query, format) => live.profile(wanted(query), format),
      difference: (query) => live.difference(query),
    }),
    ['/metrics', async () => ({ type: PROMETHEUS_TEXT, body: await metrics.bytes() })],
  ]);
  try {
    return await startHttpServer(listen, routes);
  } catch (cause) {
    throw new CommandError(`cannot listen on ${addressText(listen)}: ${listenFailure(cause)}`, { cause });
  }
}

function columnOf(name: string): DefaultColumn {
  return PAGES.find((page) => page.name === name)!.defaultColumn;
}

function checkQuery({ component }: ProfileQuery, content: ProfileContent): void {
  if (content.reading().includes(component!)) {
    throw new HttpError(503, `component: ${component} is still being read`, RETRY_SECONDS);
  }
}

function listenFailure(cause: unknown): string {
  if (codeOf(cause) === 'EADDRINUSE') return 'the port is taken';
  return codeOf(cause) === 'EACCES' ? 'not permitted' : messageOf(cause);
}
