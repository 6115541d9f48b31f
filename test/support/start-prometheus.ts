// A real Prometheus that scrapes services under test.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.js';
import { httpGet } from './http-get.js';
import { prometheus } from './peers.js';
import { pollUntil } from './poll.js';
import { type RunningProcess, startProcess } from './start-node.js';
import { tempFolder } from './temp-folder.js';

export interface PrometheusOptions {
  /** `host:port` of each service of the job `heapray`; its path is /metrics. */
  targets?: readonly string[];
  /** Services by the name of their job, instead of `targets`. */
  jobs?: Readonly<Record<string, readonly string[]>>;
  /** `host:port` of a Collector, whose metrics have the labels `job` and `instance` of the services that push them. */
  collector?: string;
  /** Content of a rule file. */
  rules?: string;
  /** A duration in Prometheus' notation. */
  scrapeInterval?: string;
}

/** One series of an instant query. */
export interface Series {
  metric: Record<string, string>;
  value: number;
}

export interface Target {
  scrapeUrl: string;
  health: 'up' | 'down' | 'unknown';
  lastError: string;
}

/** Starts Prometheus and waits until it answers; it is stopped at the end of the test at the latest. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const folder = tempFolder();
  const config = path.join(folder, 'prometheus.json');
  const ruleFiles = options.rules === undefined ? [] : [path.join(folder, 'rules.yml')];
  for (const file of ruleFiles) writeFileSync(file, options.rules ?? '');
  writeFileSync(config, JSON.stringify({ ...configuration(options), rule_files: ruleFiles }));
  const address = `127.0.0.1:${await freePort()}`;
  const server = startProcess(prometheus(), {
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
  });
  await server.waitForOutput(/Server is ready to receive web requests/);
  return new PrometheusServer(server, `http://${address}`);
}

export class PrometheusServer {
  readonly url: string;
  readonly #process: RunningProcess;

  constructor(process: RunningProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  /** Returns the result of an instant query. */
  async query(expression: string): Promise<Series[]> {
    const data = await this.#api(`query?query=${encodeURIComponent(expression)}`);
    const { result } = data as { result: { metric: Record<string, string>; value: [number, string] }[] };
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Repeats an instant query until it has a result. */
  async waitForSeries(expression: string): Promise<Series[]> {
    const nonEmpty = async () => {
      const series = await this.query(expression);
      return series.length > 0 ? series : undefined;
    };
    return pollUntil(nonEmpty, { what: `a result of ${expression}`, everyMillis: 200 });
  }

  /** Returns the state of the scraped services. */
  async targets(): Promise<Target[]> {
    const data = await this.#api('targets?state=active');
    return (data as { activeTargets: Target[] }).activeTargets;
  }

  /** Returns all rules in the order of their file, with the state of their last evaluation: `ok` or `err`. */
  async rules(): Promise<{ name: string; health: string }[]> {
    const { groups } = (await this.#api('rules')) as {
      groups: { rules: { name: string; health: string }[] }[];
    };
    return groups.flatMap(({ rules }) => rules.map(({ name, health }) => ({ name, health })));
  }

  /**
   * Waits until the last scrape of every service was good. On a busy machine a single scrape may take too long, and its
   * error stays until the next one.
   */
  async waitForGoodScrapes(): Promise<void> {
    const isGood = ({ health, lastError }: Target) => health === 'up' && lastError === '';
    const all = async () => {
      const targets = await this.targets();
      if (targets.every(isGood)) return true;
      throw new Error(targets.map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`).join('; '));
    };
    await pollUntil(all, { what: 'good scrapes of all services' });
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGTERM');
  }

  async #api(call: string): Promise<unknown> {
    const { status, body } = await httpGet(`${this.url}/api/v1/${call}`);
    if (status !== 200) throw new Error(`Prometheus answered ${status} to ${call}: ${body}`);
    return (JSON.parse(body) as { data: unknown }).data;
  }
}

/** Returns the configuration as JSON, which Prometheus accepts because JSON is YAML. */
function configuration({
  targets = [],
  jobs = { heapray: targets },
  collector,
  scrapeInterval = '1s',
}: PrometheusOptions) {
  const collected = { job_name: 'collector', honor_labels: true, static_configs: [{ targets: [collector] }] };
  return {
    global: {
      scrape_interval: scrapeInterval,
      scrape_timeout: scrapeInterval,
      evaluation_interval: scrapeInterval,
    },
    scrape_configs: [
      ...Object.entries(jobs).map(([name, services]) => ({
        job_name: name,
        static_configs: [{ targets: services }],
      })),
      ...(collector === undefined ? [] : [collected]),
    ],
  };
}
