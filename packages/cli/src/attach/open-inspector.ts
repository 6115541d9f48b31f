import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, codeOf } from '../errors.js';
import { DEFAULT_PORT, inspectorOptions } from './process/inspector-options.js';
import {
  isInTheWay,
  isLoopback,
  type ListeningPort,
  ownerOf,
  portsInNetworkOf,
  portsOf,
  urlHost,
} from './process/listening-ports.js';
import { isNodeProgram } from './process/node-program.js';
import { networkOf, type ProcessFacts, readProcess } from './process/process-facts.js';
import { accessRefusal, notOpened, otherProgram, portTaken, signalRefusal } from './process/refusals.js';

/** The open inspector of a process. */
export interface OpenInspector extends ListeningPort {
  /** False if we have opened it. */
  readonly wasOpen: boolean;
}

/** Error for a signal of which nothing came. The inspector may still open later. */
export class NotOpened extends CommandError {}

const PROBE_MILLIS = 2_000;
const POLL_MILLIS = 20;
/** Time for a new port, before other ports are looked at, in ms. */
const FIRST_MILLIS = 1_500;

/**
 * Returns the facts about a process that may be attached to.
 *
 * @throws CommandError if it may not, with the reason and what to do instead
 */
export function attachableProcess(pid: number): ProcessFacts {
  if (process.platform !== 'linux') {
    throw new CommandError('attaching needs the files in /proc, which only Linux has');
  }
  const facts = readProcess(pid);
  if (facts === undefined) throw new CommandError(`there is no process ${pid}`);
  const reason = accessRefusal(facts, { uid: process.geteuid?.() ?? -1, network: networkOf('self') });
  if (reason !== undefined) throw new CommandError(reason);
  if (!isNodeProgram(pid)) throw new CommandError(otherProgram(facts));
  return facts;
}

/**
 * Returns the inspector of a process if it is open; undefined if it is not. Asks only ports that the process has for
 * its inspector, because other servers would count the request as an error.
 */
export async function findInspector({
  pid,
  args,
  nodeOptions,
}: ProcessFacts): Promise<OpenInspector | undefined> {
  const { port, isOpen } = inspectorOptions(args, nodeOptions);
  const isAnyPort = isOpen && port === 0;
  const candidates = portsOf(pid).filter(
    (each) => each.port === port || each.port === DEFAULT_PORT || (isAnyPort && isLoopback(each)),
  );
  const found = await firstInspector(candidates);
  return found && { ...found, wasOpen: true };
}

/**
 * Opens the inspector of a process by SIGUSR1.
 *
 * @throws CommandError (rejects) if the signal may not be sent, or nothing comes of it in time
 */
export async function openInspector(facts: ProcessFacts, timeoutMillis: number): Promise<OpenInspector> {
  const { pid, args, nodeOptions } = facts;
  const options = inspectorOptions(args, nodeOptions);
  const reason = signalRefusal(facts, options);
  if (reason !== undefined) throw new CommandError(reason);
  const before = portsOf(pid);
  const known = new Set(before.map(({ inode }) => inode));
  const taken = portsInNetworkOf(pid).find((each) => isInTheWay(each, options.port));
  if (taken !== undefined) throw new CommandError(portTaken(pid, options.port, ownerOf(taken)));
  signal(pid);
  const opened = await newInspector(pid, known, Math.min(timeoutMillis, FIRST_MILLIS));
  if (opened !== undefined) return { ...opened, wasOpen: false };
  // The inspector may be open already, on a port that is not in its options.
  const found = options.port === 0 ? await firstInspector(before.filter(isLoopback)) : undefined;
  if (found !== undefined) return { ...found, wasOpen: true };
  const later = await newInspector(pid, known, timeoutMillis - FIRST_MILLIS);
  if (later !== undefined) return { ...later, wasOpen: false };
  throw new NotOpened(notOpened(pid, timeoutMillis));
}

/**
 * Waits until a process listens on a new port that is an inspector. Resolves to undefined after the time.
 *
 * @param known inodes of sockets that are not new
 */
export async function newInspector(
  pid: number,
  known: ReadonlySet<string>,
  timeoutMillis: number,
): Promise<ListeningPort | undefined> {
  const until = performance.now() + timeoutMillis;
  for (;;) {
    const found = await firstInspector(portsOf(pid).filter(({ inode }) => !known.has(inode)));
    if (found !== undefined) return found;
    if (readProcess(pid) === undefined) throw new CommandError(`process ${pid} has ended`);
    if (performance.now() > until) return undefined;
    await delay(POLL_MILLIS);
  }
}

/**
 * Returns the URL of the WebSocket of an open inspector.
 *
 * @throws CommandError (rejects) if the inspector does not answer
 */
export async function debuggerUrl(port: ListeningPort, timeoutMillis: number): Promise<string> {
  const host = urlHost(port);
  const list = await readJson(`http://${host}/json/list`, timeoutMillis);
  const target = Array.isArray(list) ? list[0] : undefined;
  if (typeof target?.id !== 'string') throw new CommandError(`http://${host}: the inspector does not answer`);
  return `ws://${host}/${target.id}`;
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGUSR1');
  } catch (cause) {
    if (codeOf(cause) === 'ESRCH') throw new CommandError(`process ${pid} has ended`, { cause });
    throw new CommandError(`process ${pid} cannot be signalled: ${codeOf(cause)}`, { cause });
  }
}

async function firstInspector(ports: readonly ListeningPort[]): Promise<ListeningPort | undefined> {
  for (const port of ports) {
    const version = await readJson(`http://${urlHost(port)}/json/version`, PROBE_MILLIS);
    if (typeof version?.Browser === 'string' && version.Browser.startsWith('node.js/')) return port;
  }
  return undefined;
}

/** Reads JSON. Undefined without an answer, or for another one. */
async function readJson(url: string, timeoutMillis: number): Promise<Json> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMillis), redirect: 'error' });
    return (await response.json()) as Json;
  } catch {
    return undefined;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the answer of another program, whose fields are checked.
type Json = any;
