// `heapray watch` in a separate process, on a free port.
import { type RunningProcess, type StartOptions, startNode } from '../../../../../test/support/start-node.js';
import { MAIN } from '../../support/heapray.js';

export interface Watching {
  readonly process: RunningProcess;
  readonly url: string;
}

/** Starts it, by default in the folder and with the environment of the tests. */
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
