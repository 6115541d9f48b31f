// Process that opens the inspector of another one. It survives the command that has started it, and leaves the
// inspector with a guard that closes it: a command that is killed between the two could not.
import { CommandError, messageOf } from '../errors.js';
import { InspectorConnection } from './connection.js';
import { enterCode, evaluation, leaveCode } from './guard.js';
import { debuggerUrl, NotOpened, newInspector, openInspector } from './open-inspector.js';
import { OPENER, type OpenerMessage } from './opener-messages.js';
import { type ListeningPort, portsOf } from './process/listening-ports.js';
import { readProcess } from './process/process-facts.js';

/** Time in which an inspector may still open after nothing came of the signal, in ms. */
const LATE_MILLIS = 30_000;

const [pid = 0, timeoutMillis = 0] = process.argv.slice(2).map(Number);
// The terminal that the command was started in may be closed.
process.on('SIGHUP', () => {});
const known = new Set(portsOf(pid).map(({ inode }) => inode));
try {
  const facts = readProcess(pid);
  if (facts === undefined) throw new CommandError(`process ${pid} has ended`);
  const opened = await openInspector(facts, timeoutMillis);
  if (!opened.wasOpen) await evaluate(opened, enterCode(OPENER, true));
  tell({ opened });
} catch (error) {
  tell({ refused: messageOf(error) });
  if (error instanceof NotOpened) await closeLater();
}

/** Closes the inspector again if it opens late: a main thread that waits in a system call handles the signal afterwards. */
async function closeLater(): Promise<void> {
  const late = await newInspector(pid, known, LATE_MILLIS).catch(() => undefined);
  if (late === undefined) return;
  await evaluate(late, enterCode(OPENER, true), leaveCode(OPENER)).catch(() => {});
}

async function evaluate(port: ListeningPort, ...expressions: readonly string[]): Promise<void> {
  const connection = await InspectorConnection.open(await debuggerUrl(port, timeoutMillis), timeoutMillis);
  for (const expression of expressions) await connection.post('Runtime.evaluate', evaluation(expression));
  await connection.close();
}

function tell(message: OpenerMessage): void {
  if (!process.connected) return;
  process.send?.(message, () => {
    if (process.connected) process.disconnect();
  });
}
