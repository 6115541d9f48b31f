// A stand-in for metrics that come by OTLP: serves the page of a service with the names and labels that Prometheus gives them
// when it receives them by OTLP. The names are those of Prometheus' own translation (test/golden/otlp), not of the dashboards' code.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from '../../support/cleanup.js';
import { httpGet } from '../../support/http-get.js';

export interface GoldenName {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  /** Name in Prometheus after OTLP. */
  readonly prometheus: string;
}

/** Names by Prometheus' translation, see test/golden/otlp/README.md. */
export const GOLDEN_NAMES: readonly GoldenName[] = JSON.parse(
  readFileSync(new URL('../../golden/otlp/names.json', import.meta.url), 'utf8'),
);

/** Serves the page at this URL with the names of OTLP. Returns `host:port`. */
export async function serveOtlpNames(url: string): Promise<string> {
  const server = createServer((_request, response) => {
    httpGet(url).then(
      ({ body }) => response.setHeader('Content-Type', 'text/plain').end(withOtlpNames(body)),
      () => response.writeHead(502).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Returns a page of Prometheus' text format with the names that its metrics have after OTLP. */
export function withOtlpNames(page: string): string {
  const renamed = new Map(
    GOLDEN_NAMES.map(({ name, kind, prometheus }) => {
      const scraped = `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`;
      return [scraped, prometheus];
    }),
  );
  const rename = (sample: string) => {
    const [, family = sample, part = ''] = /^(.*?)(_bucket|_sum|_count)?$/.exec(sample) ?? [];
    const whole = renamed.get(sample);
    return whole ?? (renamed.has(family) ? `${renamed.get(family)}${part}` : sample);
  };
  const lines = page.split('\n').map((line) => {
    const comment = /^# (HELP|TYPE|UNIT) (\S+)(.*)$/.exec(line);
    if (comment !== null) return `# ${comment[1]} ${rename(comment[2] ?? '')}${comment[3]}`;
    const sample = /^([a-zA-Z_:][\w:]*)(.*)$/.exec(line);
    return sample === null ? line : rename(sample[1] ?? '') + withoutScope(sample[2] ?? '');
  });
  return lines.join('\n');
}

/** OTLP ingestion leaves out the labels of the instrumentation scope. */
function withoutScope(labels: string): string {
  return labels.replace(/otel_scope_\w+="(?:[^"\\]|\\.)*",?/g, '').replace(/,\}/, '}');
}
