import path from 'node:path';
import type { InspectorOptions } from './inspector-options.js';
import type { ProcessFacts } from './process-facts.js';

/** Facts about the process that wants to attach. */
export interface Self {
  readonly uid: number;
  readonly network: string | undefined;
}

const ROOT = 0;
const STOPPED: ReadonlySet<string> = new Set(['T', 't']);
const ENDED: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

/** Returns why a process cannot be attached to, and what to do instead; undefined if nothing speaks against it. */
export function accessRefusal(facts: ProcessFacts, self: Self): string | undefined {
  const { pid, group, state, uid, network } = facts;
  if (group !== pid) return `${pid} is a thread of process ${group}: attach to that`;
  if (ENDED.has(state)) return `process ${pid} has ended`;
  if (STOPPED.has(state)) return `process ${pid} is stopped: continue it first, kill -CONT ${pid}`;
  if (self.uid !== ROOT && self.uid !== uid) {
    return `process ${pid} belongs to user ${uid}, and you are user ${self.uid}: run this as that user or as root`;
  }
  if (network !== undefined && self.network !== undefined && network !== self.network)
    return inContainer(facts);
  return undefined;
}

/**
 * The inspector listens on the loopback interface, which a network namespace has for itself. Entering that namespace
 * alone is enough: process IDs and files stay those of the host.
 */
function inContainer({ pid, pids }: ProcessFacts): string {
  const inside = pids.at(-1) ?? pid;
  return (
    `process ${pid} is in a container with a network of its own (its ID there is ${inside}): ` +
    `nsenter -t ${pid} -n heapray attach ${pid}, as root; in Kubernetes: kubectl debug with --target, then heapray attach ${inside}`
  );
}

/** Returns that a process is another program. */
export function otherProgram({ pid, executable, name }: ProcessFacts): string {
  const program = executable === undefined ? name : path.basename(executable);
  return `process ${pid} is ${program}, and not Node with an inspector`;
}

/** Returns why SIGUSR1 cannot open the inspector of a process, and what to do instead; undefined if it may. */
export function signalRefusal(
  { pid, handlesSignal }: ProcessFacts,
  { isSignalDisabled, isForbidden }: InspectorOptions,
): string | undefined {
  const instead = 'start it with --inspect=127.0.0.1:0, or with heapray run';
  if (isForbidden) {
    return `process ${pid} runs with --permission, which forbids the inspector: add --allow-inspector (Node 24 or newer)`;
  }
  if (handlesSignal) return undefined;
  if (isSignalDisabled)
    return `process ${pid} runs with --disable-sigusr1, so its inspector stays closed: ${instead}`;
  return `process ${pid} does not handle SIGUSR1, which would end it: it is just starting (try again), or has no inspector`;
}

/** Returns that another program has the port of the inspector. */
export function portTaken(pid: number, port: number, owner: number | undefined): string {
  const who = owner === undefined ? 'another program' : `process ${owner}`;
  return (
    `process ${pid} cannot open its inspector: port ${port} is in use by ${who}. ` +
    'Start programs with --inspect-port=0, so that each takes a free port'
  );
}

/** Returns that nothing came of the signal. */
export function notOpened(pid: number, timeoutMillis: number): string {
  return (
    `process ${pid} has not opened its inspector in ${Math.round(timeoutMillis / 1000)} s after SIGUSR1: ` +
    'it has a handler of its own for this signal, or its main thread waits in a system call'
  );
}
