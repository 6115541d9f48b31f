// `heapray watch` in a process of its own, on a port that is free.
import { type RunningProcess, startNode } from '../../../../test/support/start-node.js';
import { MAIN } from '../support/heapray.js';

export interface Watching {
  readonly process: RunningProcess;
  readonly url: string;
}

/** @param cwd by default that of the tests */
export async function startWatch(args: readonly string[], cwd: string = process.cwd()): Promise<Watching> {
  const running = startNode({
    cwd,
    args: [MAIN, 'watch', ...args, '--listen', '127.0.0.1:0', '--interval', '0.1'],
  });
  const [, url] = await running.waitForOutput(/metrics on (http:\/\/[^/]+)\/metrics/);
  return { process: running, url: url! };
}
