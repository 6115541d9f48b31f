import { filePath } from '@heapray/exporter/call-sites';
import { MemrayWriter, type StackHandle } from '@heapray/exporter/memray';
import { formatBytes } from '../../text/quantity.js';
import { stackOf } from './profile-of-nodes.js';
import type { Reading } from './reading.js';

export interface CaptureFacts {
  readonly pid: number;
  readonly command: string;
  /** Mean bytes between two samples; 0 if unknown. */
  readonly interval: number;
  /** Working folder of the program; undefined if unknown. */
  readonly folder: string | undefined;
  readonly startMillis: number;
  readonly endMillis: number;
  /** Resident memory at the start and at the end, in bytes. */
  readonly residentAtStart: number;
  readonly residentAtEnd: number;
}

const MAIN_THREAD = 1;
const NO_FILE = '<unknown>';
const ALIGNMENT = 16;

/**
 * Makes a memray capture of what is in use: one allocation for each sample, with the bytes that it stands for, and no
 * deallocations. The times of the allocations are unknown, so all are between the first and the last memory record.
 */
export function captureOf({ samples, nodes }: Reading, facts: CaptureFacts): Uint8Array {
  const stacks = new Map<number | undefined, StackHandle | undefined>();
  const writer = new MemrayWriter({
    commandLine: noted(facts),
    pid: facts.pid,
    startTimeMillis: facts.startMillis,
    mainThreadId: MAIN_THREAD,
    // Readers recognize a Node program by this folder.
    libdest: 'node:internal',
    sitePackages: packageFolders(nodes.values()),
    sysPath: facts.folder === undefined ? [] : [facts.folder],
  });
  writer.memoryRecord(facts.residentAtStart, facts.startMillis);
  writer.threadName(MAIN_THREAD, 'main');
  const stackFor = (node: number | undefined): StackHandle | undefined => {
    if (stacks.has(node)) return stacks.get(node);
    let stack: StackHandle | undefined;
    for (const { functionName, url, lineNumber } of stackOf(node, nodes)) {
      const file = filePath(url) || NO_FILE;
      stack = writer.stack(stack, writer.frame(functionName, file, lineNumber + 1));
    }
    stacks.set(node, stack);
    return stack;
  };
  let remainder = 0;
  for (const { ordinal, node, bytes, isOwn } of samples.toSorted((a, b) => a.ordinal - b.ordinal)) {
    if (isOwn) continue;
    // Carry the rounding error over, so that the sum is right.
    const whole = Math.max(0, Math.round(bytes + remainder));
    remainder += bytes - whole;
    writer.allocation(MAIN_THREAD, ordinal * ALIGNMENT, whole, stackFor(node));
  }
  writer.finish(facts.residentAtEnd, facts.endMillis);
  const capture = writer.take();
  for (const { offset, bytes } of writer.headerPatches(facts.endMillis)) capture.set(bytes, offset);
  return capture;
}

/** Adds to the command line that the capture is sampled: memray shows it beside counts. */
function noted({ command, interval }: CaptureFacts): string {
  const how = interval === 0 ? 'sampled' : `sampled every ${formatBytes(interval)}`;
  return `${command} (heapray: ${how}; sizes and counts are estimates)`;
}

/** Returns the folders `node_modules` of all files, the deepest first. */
function packageFolders(
  nodes: Iterable<{ readonly callFrame: { readonly url: string } }>,
): readonly string[] {
  const folders = new Set<string>();
  for (const { callFrame } of nodes) {
    const folder = /^.*[\\/]node_modules(?=[\\/])/.exec(filePath(callFrame.url))?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort((a, b) => b.length - a.length);
}
