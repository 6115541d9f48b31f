import type { HttpHandler } from '@heapray/exporter/http';
import type { HostPort } from '../config/index.js';
import type { FromProfilerThread, ProfilerThreadOptions, Served, ServerKind } from '../protocol/messages.js';
import type { MainThreadLink } from './main-thread-link.js';
import { MetricsServer } from './metrics-server.js';
import { type PagesDeps, ProfileServer, type ServerDeps } from './profile-server.js';
import type { ProfilerStats } from './stats/profiler-stats.js';

export interface ServersDeps {
  readonly link: Pick<MainThreadLink, 'metricsPage' | 'portFreed' | 'log'>;
  readonly send: (message: FromProfilerThread) => void;
  readonly stats: ProfilerStats;
  readonly component: () => string;
}

/** The servers of this thread: of profiles, and of metrics. Reports to the main thread which process serves this one. */
export class Servers {
  readonly #deps: ServersDeps;
  readonly #debug: ProfileServer;
  readonly #metrics: MetricsServer;

  constructor(options: ProfilerThreadOptions, deps: ServersDeps) {
    this.#deps = deps;
    const { link, stats, component } = deps;
    this.#debug = new ProfileServer(options);
    this.#metrics = new MetricsServer({
      settings: options,
      component,
      page: () => link.metricsPage(),
      stats,
      log: (level, text) => link.log(level, text),
      changed: (served) => this.#served('metrics', served),
    });
  }

  /** Starts the debug server, if it is enabled. Never rejects. */
  async start(deps: Omit<ServerDeps, 'log' | 'changed'>): Promise<void> {
    const { link } = this.#deps;
    const changed = (served: Served) => this.#served('debug', served);
    try {
      await this.#debug.start({ ...deps, log: (level, text) => link.log(level, text), changed });
    } catch (error) {
      changed({ by: 'none', why: (error as Error).message });
    }
  }

  /** Returns the pages of `/debug`, for a server of the application. */
  pages(deps: PagesDeps): Promise<ReadonlyMap<string, HttpHandler>> {
    return this.#debug.pages(deps);
  }

  /** Serves metrics. Never rejects. */
  async serveMetrics(address: HostPort | undefined): Promise<void> {
    if (address) await this.#metrics.open(address);
    else this.#metrics.close();
  }

  /** Sends the present name of the component to the groups. */
  rename(): void {
    this.#debug.rename();
    this.#metrics.rename();
  }

  /** Frees a port for the application, and signals that to the main thread, which waits for it. */
  async yieldPort(server: ServerKind): Promise<void> {
    await (server === 'debug' ? this.#debug : this.#metrics).yieldPort();
    this.#deps.link.portFreed(server);
  }

  close(): void {
    this.#debug.close();
    this.#metrics.close();
  }

  #served(server: ServerKind, served: Served): void {
    if (server === 'debug' && served.by === 'none') this.#deps.stats.drop('debug_server');
    this.#deps.send({ type: 'served', server, served });
  }
}
