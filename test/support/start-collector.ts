// A real OpenTelemetry Collector that takes metrics by OTLP and shows them to Prometheus.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.js';
import { collector } from './peers.js';
import { startProcess } from './start-node.js';
import { tempFolder } from './temp-folder.js';

export interface Collector {
  /** URL for OTLP over HTTP, without the path of a signal. */
  readonly otlp: string;
  /** `host:port` of the metrics. */
  readonly metrics: string;
}

/** Starts a Collector and waits until it takes metrics; it is stopped at the end of the test at the latest. */
export async function startCollector(): Promise<Collector> {
  const [otlp, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const file = path.join(tempFolder(), 'collector.json');
  const configuration = {
    receivers: { otlp: { protocols: { http: { endpoint: otlp } } } },
    exporters: { prometheus: { endpoint: metrics } },
    service: { pipelines: { metrics: { receivers: ['otlp'], exporters: ['prometheus'] } } },
  };
  // The Collector accepts JSON because it is YAML.
  writeFileSync(file, JSON.stringify(configuration));
  const running = startProcess(collector(), { args: [`--config=${file}`] });
  await running.waitForOutput(/Everything is ready/);
  return { otlp: `http://${otlp}`, metrics };
}
