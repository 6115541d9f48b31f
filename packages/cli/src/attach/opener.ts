// Process that opens the inspector of another one. It survives the command that has started it, and leaves the
// inspector with a guard that closes it: a command that is killed between the two could not.
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, messageOf } from '../errors.js';
import { InspectorConnection } from './connection.js';
import { enterCode, evaluation, leaveCode } from './guard.js';
import { debuggerUrl, NotOpened, newInspector, type OpenInspector, openInspector } from './open-inspector.js';
import { OPENER, type OpenerMessage } from './opener-messages.js';
import { type ListeningPort, portsOf } from './process/listening-ports.js';
import { readProcess } from './process/process-facts.js';
import { within } from './within.js';

/** Time in which an inspector may still open after nothing came of the signal, and in which it is closed again, in ms. */
const LATE_MILLIS = 30_000;
const RETRY_MILLIS = 500;

const [pid = 0, timeoutMillis = 0] = process.argv.slice(2).map(Number);
// The terminal that the command was started in may be closed.
process.on('SIGHUP', () => {});
const known = new Set(portsOf(pid).map(({ inode }) => inode));
let opened: OpenInspector | undefined;
try {
  const facts = readProcess(pid);
  if (facts === undefined) throw new CommandError(`process ${pid} has ended`);
  opened = await openInspector(facts, timeoutMillis);
  if (!opened.wasOpen) await evaluate(opened, enterCode(OPENER, true));
  tell({ opened });
} catch (error) {
  tell({ refused: messageOf(error) });
  if (opened?.wasOpen === false || error instanceof NotOpened) await closeLater();
}

/**
 * Closes the inspector again that no command uses. It may open late: a main thread that waits in a system call handles the signal
 * afterwards.
 */
async function closeLater(): Promise<void> {
  const until = performance.now() + LATE_MILLIS;
  while (performance.now() < until && readProcess(pid) !== undefined) {
    try {
      const late = await newInspector(pid, known, until - performance.now());
      if (late !== undefined) return await evaluate(late, enterCode(OPENER, true), leaveCode(OPENER));
    } catch {
      // The main thread is busy. What was sent is evaluated later.
      await delay(RETRY_MILLIS);
    }
  }
}

async function evaluate(port: ListeningPort, ...expressions: readonly string[]): Promise<void> {
  const connection = await InspectorConnection.open(await debuggerUrl(port, timeoutMillis), timeoutMillis);
  const late = () => new CommandError(`process ${pid}: its main thread does not answer`);
  try {
    for (const expression of expressions) {
      const answer = connection.post('Runtime.evaluate', evaluation(expression));
      await within(answer, { millis: timeoutMillis, late });
    }
  } finally {
    await connection.close();
  }
}

function tell(message: OpenerMessage): void {
  if (!process.connected) return;
  process.send?.(message, () => {
    if (process.connected) process.disconnect();
  });
}
