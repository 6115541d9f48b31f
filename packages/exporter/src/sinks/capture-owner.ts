import nodeFs from 'node:fs';
import os from 'node:os';
import { threadId } from 'node:worker_threads';
import { codeOf } from './capture-error.js';

/** The thread that writes a capture. A process ID is only meaningful in its own container and on its own machine. */
export interface CaptureOwner {
  /**
   * ID of the running kernel: the same for all containers on it, another after a restart. The host's name if unknown.
   */
  readonly machine: string;
  /** The process namespace that `pid` belongs to; `-` on systems without namespaces. */
  readonly namespace: string;
  readonly pid: number;
  /**
   * Start of the process in ticks since the machine started, so that changes of the clock do not matter; `-` if
   * unknown.
   */
  readonly start: string;
  readonly thread: number;
}

/** State of a capture in its owner note. Both words have the same length, so that one can overwrite the other. */
export type OwnerState = 'writing' | 'written';

const PREFIX = 'heapray:';
const NOTE =
  /heapray:(writing|written) machine=([\w.-]+) namespace=([\w-]+) pid=(\d+) start=([\w-]+) thread=(\d+);/;
/** Upper limit for the length of a note. */
const MAX_NOTE_BYTES = 512;

let own: CaptureOwner | undefined;

/** Returns the identity of this thread. */
export function ownThread(): CaptureOwner {
  own ??= {
    machine: machineName(),
    namespace: attempt(() => nodeFs.readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')) || '-',
    pid: process.pid,
    start: processStat('self')?.start ?? '-',
    thread: threadId,
  };
  return own;
}

/**
 * Returns the note that names this thread as the writer of a capture. It is stored as a name of the main thread, before
 * the real name: memray shows the last of two names. Other processes read it to see whether the capture is still being
 * written.
 */
export function ownerNote(state: OwnerState): string {
  const { machine, namespace, pid, start, thread } = ownThread();
  return `${PREFIX}${state} machine=${machine} namespace=${namespace} pid=${pid} start=${start} thread=${thread};`;
}

export interface FoundNote {
  readonly owner: CaptureOwner;
  readonly state: OwnerState;
  /** Offset of the state in bytes, from the start of the capture. */
  readonly stateOffset: number;
}

/**
 * Finds the note in the first bytes of a capture. Undefined for a capture of another program, or of an older version.
 */
export function findOwnerNote(head: Uint8Array): FoundNote | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  for (let at = bytes.indexOf(PREFIX); at >= 0; at = bytes.indexOf(PREFIX, at + 1)) {
    const match = NOTE.exec(bytes.toString('latin1', at, at + MAX_NOTE_BYTES));
    if (match?.index !== 0) continue;
    const [, state, machine, namespace, pid, start, thread] = match as unknown as string[];
    const owner = { machine, namespace, pid: Number(pid), start, thread: Number(thread) } as CaptureOwner;
    return { owner, state: state as OwnerState, stateOffset: at + PREFIX.length };
  }
  return undefined;
}

/** State of a writer. `elsewhere`: it runs in another container or on another machine, so its state is unknown here. */
export type OwnerLife = 'alive' | 'ended' | 'elsewhere';

/**
 * Returns whether the writer of a capture is alive. This thread counts as ended: the captures it still writes are known
 * by other means.
 *
 * @param endedThreads `threadId` of other threads of this process that have ended
 */
export function lifeOf(owner: CaptureOwner, endedThreads: readonly number[]): OwnerLife {
  const self = ownThread();
  if (owner.machine !== self.machine || owner.namespace !== self.namespace) return 'elsewhere';
  if (owner.pid === self.pid && owner.start === self.start)
    return owner.thread === self.thread || endedThreads.includes(owner.thread) ? 'ended' : 'alive';
  // A process with the same ID and another start time has only reused the ID.
  return owner.pid !== self.pid && isRunning(owner.pid, owner.start) ? 'alive' : 'ended';
}

/** Returns whether a process of any user has this ID and start time. */
function isRunning(pid: number, start: string): boolean {
  if (!hasProcess(pid)) return false;
  const stat = processStat(pid);
  // A process that cannot be inspected counts as the writer, so that files of a living process are never touched.
  if (stat === undefined) return true;
  return !stat.hasEnded && (start === '-' || stat.start === start);
}

/** Returns whether a process of any user has this ID. */
export function hasProcess(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) !== 'ESRCH';
  }
}

interface ProcessStat {
  readonly start: string;
  readonly hasEnded: boolean;
}

/**
 * Returns the state of a process on Linux. Undefined on other systems, when the process has ended, or when access is
 * denied.
 */
function processStat(pid: number | 'self'): ProcessStat | undefined {
  return attempt(() => {
    const text = nodeFs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may contain any character.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    return start === undefined ? undefined : { start, hasEnded: state === 'Z' || state === 'X' };
  });
}

function machineName(): string {
  const boot = attempt(() => nodeFs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  return (boot || os.hostname()).replaceAll(/[^\w.-]/g, '_') || '-';
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
