import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { HeapWatch } from './heap-watch.js';
import { COMPONENTS } from './out-folder.js';
import { ReportingProcess } from './reporting-process.js';

const START_MILLIS = 20_000;
const STOP_MILLIS = 20_000;
/** Requests a second of the light load: the page shows traffic, and the leak takes long to fill the heap. */
const LIGHT_RATE = 10;
const DAY_SECONDS = 86_400;

const scriptPath = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Runs the service, with all its components traced, and the load on it: two processes. */
export class OrderService {
  #process;
  #load;
  /** The service's last report about itself. */
  status = { requests: 0, heapUsed: 0, profiles: undefined, metrics: undefined };
  #url = '';
  #limitBytes = 0;

  /** Starts the service; resolves when it works and its profiles can be read. */
  async start(folder, seconds) {
    const megabytes = heapLimitMegabytes(seconds);
    this.#limitBytes = megabytes * 2 ** 20;
    const args = [`--max-old-space-size=${megabytes}`, scriptPath('main.js')];
    this.#process = new ReportingProcess('the service', args, {
      ...environment(),
      PORT: '0',
      OTEL_EXPORTER_PROMETHEUS_PORT: `${await freePort()}`,
      HEAPRAY_ENABLED: 'true',
      HEAPRAY_HOME: folder,
      HEAPRAY_TRACE_COMPONENTS: COMPONENTS.join(','),
      HEAPRAY_DEBUG_ADDR: '127.0.0.1:0',
      // Windows of 2 s instead of 20, so that the page names the leak after a minute.
      HEAPRAY_LEAK_WINDOW: '2',
    });
    this.#process.onReport((report) => this.#take(report));
    const isUp = () => this.#url !== '' && this.status.profiles !== undefined;
    await this.#alive(this.#process.until(isUp, START_MILLIS, 'profiles to read'));
  }

  /** Sends requests for a time; rejects if the service fails under the load. */
  async bearLoad(seconds) {
    this.#load = new ReportingProcess('the load', [scriptPath('load.js'), this.#url, `${seconds}`]);
    await this.#alive(this.#load.end(seconds * 1000 + STOP_MILLIS));
  }

  /**
   * Sends few requests until the leak has nearly filled the heap, because the service would end at its limit.
   *
   * @param ended called when no more requests are sent for that reason
   */
  bearLightLoad(ended) {
    const args = [scriptPath('load.js'), this.#url, `${DAY_SECONDS}`, `${LIGHT_RATE}`];
    const load = new ReportingProcess('the load', args);
    this.#load = load;
    const heap = new HeapWatch(this.#limitBytes);
    this.#process.onReport(({ event, heapUsed }) => {
      if (this.#load !== load || event !== 'status' || !heap.isFull(heapUsed)) return;
      this.#load = undefined;
      load.kill();
      ended();
    });
  }

  /** Address of the live page. */
  get pageUrl() {
    return new URL('/debug/ui', this.status.profiles).href;
  }

  /** Rejects when the service ends. */
  death() {
    return this.#process.death();
  }

  /** Stops the service and waits for its end, with its captures finished. */
  async stop() {
    this.#process.stop();
    await this.#process.end(STOP_MILLIS);
  }

  /** Kills the processes that still run. */
  kill() {
    this.#load?.kill();
    this.#process?.kill();
  }

  /** Returns the error for a service that has failed. */
  failure(problem) {
    return this.#process.failure(problem);
  }

  /** Waits for the work; rejects if the service ends before. */
  #alive(work) {
    return Promise.race([work, this.#process.death()]);
  }

  #take({ event, ...report }) {
    if (event === 'listening') this.#url = report.url;
    if (event === 'status' || event === 'stopped') Object.assign(this.status, report);
  }
}

/**
 * Returns a heap limit as in a container, with room for the leak. Far from any limit, V8 keeps garbage for longer
 * than the demo lasts, and then it looks like memory that is kept.
 */
function heapLimitMegabytes(seconds) {
  return Math.ceil(96 + 4 * seconds);
}

/** Returns the service's environment, without variables that would change what the demo shows. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OTEL|AIRFLOW)_/.test(name)));
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
