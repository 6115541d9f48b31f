// A real OpenTelemetry Collector that takes metrics and profiles by OTLP, shows the metrics to Prometheus, and prints the
// profiles.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.js';
import { collector } from './peers.js';
import { startProcess } from './start-node.js';
import { tempFolder } from './temp-folder.js';

export interface Collector {
  /** URL for OTLP over HTTP, without the path of a signal. */
  readonly otlp: string;
  /** URL for OTLP by gRPC. */
  readonly otlpGrpc: string;
  /** `host:port` of the metrics. */
  readonly metrics: string;
  /** Returns all tables and samples of the profiles received so far, as text. */
  profiles(): string;
}

/** Starts a Collector and waits until it takes data; it is stopped at the end of the test at the latest. */
export async function startCollector(): Promise<Collector> {
  const [otlp, metrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const grpc = `127.0.0.1:${await freePort()}`;
  const folder = tempFolder();
  const file = path.join(folder, 'collector.json');
  const printed = path.join(folder, 'profiles.txt');
  writeFileSync(printed, '');
  const debug = {
    verbosity: 'detailed',
    use_internal_logger: false,
    output_paths: [printed],
    sampling_initial: 1000,
  };
  const configuration = {
    receivers: { otlp: { protocols: { http: { endpoint: otlp }, grpc: { endpoint: grpc } } } },
    exporters: { prometheus: { endpoint: metrics }, debug },
    service: {
      pipelines: {
        metrics: { receivers: ['otlp'], exporters: ['prometheus'] },
        profiles: { receivers: ['otlp'], exporters: ['debug'] },
      },
    },
  };
  // The Collector accepts JSON because it is YAML.
  writeFileSync(file, JSON.stringify(configuration));
  const args = [`--config=${file}`, '--feature-gates=service.profilesSupport'];
  const running = startProcess(collector(), { args });
  await running.waitForOutput(/Everything is ready/);
  const profiles = () => readFileSync(printed, 'utf8');
  return { otlp: `http://${otlp}`, otlpGrpc: `http://${grpc}`, metrics, profiles };
}
