import { CommandError } from '../errors.js';
import { InspectorConnection } from './connection.js';
import { attachableProcess, debuggerUrl, findInspector } from './open-inspector.js';
import { runOpener } from './run-opener.js';
import { AttachedTarget, type Target } from './target.js';
import { within } from './within.js';

export type { Target } from './target.js';

export interface AttachOptions {
  /** Ends the attempt: what was opened is closed again. */
  readonly signal?: AbortSignal | undefined;
  /** Time for each step in ms. Default 10 s. */
  readonly timeoutMillis?: number | undefined;
}

const TIMEOUT_MILLIS = 10_000;

/**
 * Attaches to a running Node process of this machine, without any preparation in it. Opens its inspector with SIGUSR1
 * unless it is open. The inspector is closed by {@link Target.detach}, and by a guard in the target some seconds after
 * this process has ended in any way.
 *
 * @throws CommandError (rejects) if the process cannot be attached to, with the reason and what to do instead; the
 *   reason of `signal`
 */
export async function attachTo(
  pid: number,
  { signal, timeoutMillis = TIMEOUT_MILLIS }: AttachOptions = {},
): Promise<Target> {
  const facts = attachableProcess(pid);
  const port = (await findInspector(facts)) ?? (await runOpener(pid, timeoutMillis, signal));
  const url = await debuggerUrl(port, timeoutMillis);
  const target = new AttachedTarget(facts, port, await InspectorConnection.open(url, timeoutMillis));
  try {
    const late = () => new CommandError(`process ${pid}: its main thread does not answer`);
    await within(target.enter(), { millis: timeoutMillis, late, signal });
    signal?.throwIfAborted();
  } catch (error) {
    await target.detach().catch(() => {});
    throw error;
  }
  return target;
}
