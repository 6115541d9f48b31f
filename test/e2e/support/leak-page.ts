// Reads the metrics page of a port, of heapray or of the application.
import { httpGet } from '../../support/http-get.js';
import { pollUntil } from '../../support/poll.js';
import { listeningPorts } from './listening-ports.js';
import { MetricsPage } from './metrics-page.js';
import type { RunningApp } from './profiled-app.js';

const LEAK = { code_function_name: 'rememberOrder' };

export interface ServedPage {
  page: MetricsPage;
  text: string;
}

/** Waits until the page of a port shows the leak of the leaky service. */
export async function waitForLeak(port: number): Promise<MetricsPage> {
  return (await waitForLeakPage(port)).page;
}

/** Does the same, and returns the text of the page too. */
export function waitForLeakPage(
  port: number,
  isThere: (served: ServedPage) => boolean = () => true,
): Promise<ServedPage> {
  const check = async () => {
    const text = (await httpGet(`http://127.0.0.1:${port}/metrics`)).body;
    const page = new MetricsPage(text);
    return page.sum('heapray_memory_retained', LEAK) > 0 && isThere({ page, text }) && { page, text };
  };
  return pollUntil(check, { what: `the leak on port ${port}`, everyMillis: 200 });
}

/** Waits until the process listens on these ports and no others. */
export async function waitForPorts({ process }: RunningApp, ports: readonly number[]): Promise<void> {
  const wanted = ports.toSorted((a, b) => a - b);
  await pollUntil(() => `${listeningPorts(process.pid)}` === `${wanted}`, {
    what: `the ports ${wanted} alone`,
  });
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
