import nodeFs from 'node:fs';
import os from 'node:os';
import { threadId } from 'node:worker_threads';
import { codeOf } from './capture-error.js';

/** The thread that writes a capture. A number of a process says nothing in another container or on another machine. */
export interface CaptureOwner {
  /** Of the running kernel: one for all containers on it, another after a restart. The host's name elsewhere. */
  readonly machine: string;
  /** The process namespace that `pid` belongs to; `-` where there are none. */
  readonly namespace: string;
  readonly pid: number;
  /** When the process began, in ticks since the machine began, so that no step of a clock matters; `-` if unknown. */
  readonly start: string;
  readonly thread: number;
}

/** What a note says about its capture. Both states have one length, so that one can be written over the other. */
export type OwnerState = 'writing' | 'written';

const PREFIX = 'heapray:';
const NOTE =
  /heapray:(writing|written) machine=([\w.-]+) namespace=([\w-]+) pid=(\d+) start=([\w-]+) thread=(\d+);/;
/** A note is shorter than this. */
const MAX_NOTE_BYTES = 512;

let own: CaptureOwner | undefined;

/** Returns this thread. */
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
 * Returns the note that names this thread as the writer of a capture. It is put into the capture as a name of the main
 * thread, before the real name: of two names memray shows the last. Other processes read it to see whether the capture
 * is still being written.
 */
export function ownerNote(state: OwnerState): string {
  const { machine, namespace, pid, start, thread } = ownThread();
  return `${PREFIX}${state} machine=${machine} namespace=${namespace} pid=${pid} start=${start} thread=${thread};`;
}

export interface FoundNote {
  readonly owner: CaptureOwner;
  readonly state: OwnerState;
  /** Of the state, in bytes from the start of the capture. */
  readonly stateOffset: number;
}

/** Finds the note in the first bytes of a capture; undefined for a capture of another program, or of an older version. */
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

/** - `elsewhere`: in another container or on another machine, so that nobody here can tell */
export type OwnerLife = 'alive' | 'ended' | 'elsewhere';

/**
 * Tells whether the writer of a capture lives. This thread counts as ended: which captures it still writes is known.
 *
 * @param endedThreads other threads of this process that have ended, by their `threadId`
 */
export function lifeOf(owner: CaptureOwner, endedThreads: readonly number[]): OwnerLife {
  const self = ownThread();
  if (owner.machine !== self.machine || owner.namespace !== self.namespace) return 'elsewhere';
  if (owner.pid === self.pid && owner.start === self.start)
    return owner.thread === self.thread || endedThreads.includes(owner.thread) ? 'ended' : 'alive';
  // A process that began at another time has only taken over the number.
  return owner.pid !== self.pid && isRunning(owner.pid, owner.start) ? 'alive' : 'ended';
}

/** Whether there is a process of that number, be it ours or somebody else's, that began at that time. */
function isRunning(pid: number, start: string): boolean {
  if (!hasProcess(pid)) return false;
  const stat = processStat(pid);
  // One that cannot be looked at is taken for the writer, so that nothing of a living process is touched.
  if (stat === undefined) return true;
  return !stat.hasEnded && (start === '-' || stat.start === start);
}

/** Whether there is a process of that number here, be it ours or somebody else's. */
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

/** What Linux says of a process; undefined elsewhere, and of one that is gone or may not be looked at. */
function processStat(pid: number | 'self'): ProcessStat | undefined {
  return attempt(() => {
    const text = nodeFs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may hold anything.
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
