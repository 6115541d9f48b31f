import type { HttpHandler, ListenAddress } from '@heapray/exporter/http';
import type { MadePage, Served } from '../protocol/messages.js';
import type { Seat } from './group/seat.js';
import type { GroupSettings } from './group/share-server.js';

export interface MetricsServerDeps {
  readonly settings: GroupSettings;
  readonly component: () => string;
  /** Asks the main thread for the page; undefined if it does not answer in time. */
  readonly page: () => Promise<MadePage | undefined>;
  readonly stats: { drop(reason: 'group_answer' | 'group_member'): void };
  readonly log: (level: 'debug' | 'info' | 'warn', text: string) => void;
  /** Called when it is known who serves this process, and each time that this changes. */
  readonly changed: (served: Served) => void;
}

/** Serves `/metrics`, of a process without an OpenTelemetry SDK. Its code is loaded only then. */
export class MetricsServer {
  readonly #deps: MetricsServerDeps;
  #seat: Seat | undefined;
  /** Number of times that it was opened or closed. */
  #turn = 0;

  constructor(deps: MetricsServerDeps) {
    this.#deps = deps;
  }

  /** Starts to serve, or joins the process that has the port. Never rejects. */
  async open(address: ListenAddress): Promise<void> {
    this.close();
    const turn = this.#turn;
    const changed = (served: Served) => {
      if (turn === this.#turn) this.#deps.changed(served);
    };
    try {
      const [{ shareServer, metricsRoutes, METRICS, PROMETHEUS_TEXT, BUSY }, { HttpError }] =
        await Promise.all([import('./group/index.js'), import('@heapray/exporter/http')]);
      if (turn !== this.#turn) return;
      const own: HttpHandler = async () => {
        const page = await this.#deps.page();
        if (page === undefined) throw new HttpError(BUSY, 'the main thread is busy', 5);
        if (page.text === undefined) throw new HttpError(500, page.problem ?? 'no metrics');
        return { type: PROMETHEUS_TEXT, body: page.text };
      };
      this.#seat = shareServer({
        ...this.#deps,
        kind: 'metrics',
        address,
        own: new Map([[METRICS, own]]),
        routes: metricsRoutes,
        // Scrapers use names of the network.
        http: { anyHost: true, index: METRICS },
        changed,
      });
      await this.#seat.start();
    } catch (error) {
      changed({ by: 'none', why: (error as Error).message });
    }
  }

  rename(): void {
    this.#seat?.rename();
  }

  /** Frees the port for the application, also if another process has it. */
  async yieldPort(): Promise<void> {
    this.#turn++;
    await this.#seat?.yieldPort();
  }

  close(): void {
    this.#turn++;
    this.#seat?.close();
    this.#seat = undefined;
  }
}
