import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../errors.js';
import type { OpenInspector } from './open-inspector.js';
import type { OpenerMessage } from './opener-messages.js';

/**
 * Opens the inspector of a process, by a process in a session of its own, which survives this one. If `signal` ends the wait,
 * that process closes what it opens.
 *
 * @throws CommandError (rejects) if the inspector cannot be opened; the reason of `signal`
 */
export async function runOpener(
  pid: number,
  timeoutMillis: number,
  signal?: AbortSignal,
): Promise<OpenInspector> {
  signal?.throwIfAborted();
  const script = fileURLToPath(new URL('./opener.js', import.meta.url));
  const child = fork(script, [`${pid}`, `${timeoutMillis}`], {
    detached: true,
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const message = await new Promise<OpenerMessage>((resolve) => {
    child.once('message', (answer: OpenerMessage) => resolve(answer));
    child.once('error', (error) => resolve({ refused: error.message }));
    // After all messages, unlike `exit`.
    const failed = { refused: `process ${pid}: its inspector could not be opened` };
    child.once('disconnect', () => resolve(failed));
    signal?.addEventListener('abort', () => resolve(failed), { once: true });
  });
  child.unref();
  if (child.connected) child.disconnect();
  signal?.throwIfAborted();
  if ('refused' in message) throw new CommandError(message.refused);
  return message.opened;
}
