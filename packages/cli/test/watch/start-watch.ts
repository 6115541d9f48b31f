// `heapray watch` in a process of its own, on a port that is free.
import { type RunningProcess, type StartOptions, startNode } from '../../../../test/support/start-node.js';
import { MAIN } from '../support/heapray.js';

export interface Watching {
  readonly process: RunningProcess;
  readonly url: string;
}

/** By default in the folder and with the environment of the tests. */
export async function startWatch(
  args: readonly string[],
  { cwd = process.cwd(), env = {} }: Pick<StartOptions, 'cwd' | 'env'> = {},
): Promise<Watching> {
  const running = startNode({
    cwd,
    env,
    args: [MAIN, 'watch', ...args, '--listen', '127.0.0.1:0', '--interval', '0.1'],
  });
  const [, url] = await running.waitForOutput(/metrics on (http:\/\/[^/]+)\/metrics/);
  return { process: running, url: url! };
}
