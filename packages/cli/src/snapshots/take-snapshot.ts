import { snapshotCost, snapshotCostText } from '@heapray/exporter/heap-snapshot';
import { attachTo, type Target } from '../attach/attach-to.js';
import { messageOf } from '../errors.js';
import { note } from '../io/note.js';
import { formatBytes } from '../text/quantity.js';
import {
  assertConfirmable,
  confirmCost,
  folderOf,
  SnapshotOutput,
  type TakenSnapshot,
  type TakeOptions,
} from './snapshot-output.js';

/**
 * Takes a heap snapshot of a running process, after a question: it stops the process for seconds. The snapshot goes to
 * disk as it arrives.
 *
 * @throws CommandError (rejects) if the process cannot be attached to, the answer is no, or the file cannot be written
 */
export async function takeSnapshot(pid: number, options: TakeOptions): Promise<TakenSnapshot> {
  assertConfirmable(`process ${pid}`, options);
  const target = await attachTo(pid);
  try {
    const { usedSize } = (await target.post('Runtime.getHeapUsage')) as { usedSize: number };
    const cost = snapshotCostText(pid, usedSize, `in ${folderOf(options)}`, formatBytes);
    await confirmCost(cost, snapshotCost(usedSize).fileBytes[1], options);
    return await writeSnapshot(target, options);
  } finally {
    // The snapshot is explained even if the inspector could not be closed yet.
    await target.detach().catch((error: unknown) => note(messageOf(error)));
  }
}

async function writeSnapshot(target: Target, options: TakeOptions): Promise<TakenSnapshot> {
  const output = new SnapshotOutput(options);
  target.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }: { chunk: string }) => {
    output.write(Buffer.from(chunk));
  });
  const started = performance.now();
  try {
    await target.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    const taken = output.finish();
    const seconds = (performance.now() - started) / 1000;
    note(`took a heap snapshot of process ${target.pid} in ${seconds.toFixed(1)} s`);
    return taken;
  } catch (error) {
    output.discard();
    throw error;
  }
}
