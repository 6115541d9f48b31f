import type { HostPort, ResolvedConfig } from '../../config/index.js';
import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { MadePage, Served, ServerKind } from '../../protocol/messages.js';
import { SafeNumber, StringPrototypeReplace } from '../../protocol/primordials.js';
import { contain, containAsync, type OnThrown } from '../containment/contain.js';
import { isDenied } from '../start/permissions.js';
import { describePortProblems, type PortProblem } from '../start/port-problems.js';
import type { ProfilerThread } from './profiler-thread.js';

/** A page of metrics that the profiler thread serves. */
export interface MetricsServing {
  readonly address: HostPort;
  /** Makes the page. It may reject. */
  readonly page: () => Promise<string>;
  /** Called when it is known who serves the page, and each time that this changes. */
  readonly changed: (served: Served) => void;
}

export interface ServedPagesDeps {
  readonly log: Log;
  readonly config: () => ResolvedConfig;
  readonly thread: () => ProfilerThread | undefined;
  readonly onThrown: OnThrown;
}

/** The servers of this process's profiler thread, as the main thread knows them. */
export class ServedPages {
  readonly #deps: ServedPagesDeps;
  /** Listener for failures to open the debug server. */
  onPortProblem: (problem: PortProblem) => void;
  #debug: Served | undefined;
  #isDebugClosed = false;
  #metrics: MetricsServing | undefined;

  constructor(deps: ServedPagesDeps) {
    this.#deps = deps;
    this.onPortProblem = (problem) =>
      deps.log('error', describePortProblems([problem], deps.config().options.component));
  }

  /** Address of `/debug/pprof`; undefined while this process does not serve it. */
  get debugAddress(): string | undefined {
    return this.#debug?.by === 'self' ? this.#debug.address : undefined;
  }

  /** Address on which this process or another of its group serves `/debug/pprof`; undefined while there is none. */
  get groupDebugAddress(): string | undefined {
    return this.#debug?.by === 'other'
      ? addressText(this.#deps.config().options.debugAddress)
      : this.debugAddress;
  }

  /** True when it is known who has the debug server's port, or that it stays unused. */
  get isDebugSettled(): boolean {
    const isWanted = this.#deps.config().options.debugAddress !== undefined && !this.#isDebugClosed;
    return !isWanted || this.#debug !== undefined;
  }

  /** Options of a profiler thread that starts now. */
  get threadOptions(): { readonly metricsAddress: HostPort | undefined; readonly debugAddress?: undefined } {
    const metricsAddress = this.#metrics?.address;
    return this.#isDebugClosed ? { metricsAddress, debugAddress: undefined } : { metricsAddress };
  }

  /** Frees the debug server's port for good. Blocks up to 0.5 s, and returns false if it takes longer. */
  yieldDebugPort(): boolean {
    this.#debug = undefined;
    this.#isDebugClosed = true;
    return this.#yield('debug');
  }

  /** Lets the profiler thread serve metrics, also a later one. */
  serveMetrics(serving: MetricsServing): void {
    this.#metrics = serving;
    this.#deps.thread()?.send({ type: 'serve-metrics', address: serving.address });
  }

  closeMetrics(): void {
    this.#metrics = undefined;
    this.#deps.thread()?.send({ type: 'serve-metrics', address: undefined });
  }

  /** Frees the port of metrics for good, as {@link yieldDebugPort} does. */
  yieldMetricsPort(): boolean {
    this.#metrics = undefined;
    return this.#yield('metrics');
  }

  /** Makes the page of metrics. Never rejects. */
  async metricsPage(): Promise<MadePage> {
    let problem = 'there are no metrics any more';
    const page = this.#metrics?.page;
    const text =
      page &&
      (await containAsync(page, (thrown) => {
        problem = `cannot collect metrics: ${describeThrown(thrown)}`;
      }));
    return text === undefined ? { problem } : { text };
  }

  /** Notes who serves. */
  served(server: ServerKind, served: Served): void {
    if (server === 'metrics') return this.#metricsServed(served);
    if (this.#isDebugClosed) return;
    this.#debug = served;
    const address = addressText(this.#deps.config().options.debugAddress);
    if (served.by === 'none') return this.#debugProblem(address, served.why);
    const url = `http://${served.by === 'self' ? served.address : address}/debug`;
    const by = served.by === 'self' ? '' : `, served by process ${served.pid}`;
    this.#deps.log('info', `memory profiles on ${url}/pprof/ and a live page on ${url}/ui${by}`);
  }

  /** Keeps a port that the system has chosen: another profiler thread must get the same, as it is scraped there. */
  #metricsServed(served: Served): void {
    const metrics = this.#metrics;
    if (!metrics) return;
    if (served.by === 'self' && metrics.address.port === 0) {
      const { host } = metrics.address;
      this.#metrics = { ...metrics, address: { host, port: portOf(served.address) } };
    }
    metrics.changed(served);
  }

  /** Notes that the profiler thread has died. */
  died(): void {
    this.#debug = undefined;
  }

  #debugProblem(address: string, why: string): void {
    this.onPortProblem({ server: 'debug server', address, why, isDenied: isDenied('net') });
  }

  #yield(server: ServerKind): boolean {
    return contain(() => this.#deps.thread()?.yieldPort(server), this.#deps.onThrown) ?? true;
  }
}

/** Returns the port of an address such as `[::1]:6464`. */
function portOf(address: string): number {
  return SafeNumber(StringPrototypeReplace(address, /^.*:/, ''));
}

function addressText({ host, port }: HostPort = { host: '', port: 0 }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
