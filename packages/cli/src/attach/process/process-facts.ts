import { readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';

/** Fields of `/proc/PID/status`. */
export interface ProcessStatus {
  /** Name of the main thread. */
  readonly name: string;
  /** One letter, for example `S` sleeping, `T` stopped, `Z` ended but not waited for. */
  readonly state: string;
  /** ID of the process that a thread belongs to; equal to the ID itself for a process. */
  readonly group: number;
  /** Effective user ID. */
  readonly uid: number;
  /** Process IDs, from that in our namespace to that in the process's own. */
  readonly pids: readonly number[];
  /** True if the process has a handler for SIGUSR1. Without one, the signal could end it. */
  readonly handlesSignal: boolean;
}

/** Facts about a process of this machine. */
export interface ProcessFacts extends ProcessStatus {
  readonly pid: number;
  /** The command line, the program first. Empty if unreadable. */
  readonly args: readonly string[];
  /** Value of `NODE_OPTIONS` at the start; empty if unset or unreadable. */
  readonly nodeOptions: string;
  /** Path of the executable; undefined if unreadable. */
  readonly executable: string | undefined;
  /** ID of the network namespace; undefined if unreadable. */
  readonly network: string | undefined;
}

/** Returns the facts about a process; undefined if there is none with this ID. */
export function readProcess(pid: number): ProcessFacts | undefined {
  const status = textOf(pid, 'status');
  if (status === undefined) return undefined;
  return {
    pid,
    ...parseProcessStatus(status),
    args: parseWords(textOf(pid, 'cmdline') ?? ''),
    nodeOptions: variableIn(textOf(pid, 'environ') ?? '', 'NODE_OPTIONS'),
    executable: linkOf(pid, 'exe'),
    network: networkOf(pid),
  };
}

/** Returns the ID of a process's network namespace; undefined if unreadable. */
export function networkOf(pid: number | 'self'): string | undefined {
  return linkOf(pid, 'ns/net');
}

/** Parses `/proc/PID/status`. */
export function parseProcessStatus(text: string): ProcessStatus {
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1] ?? '';
  const numbers = (name: string) =>
    field(name)
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  return {
    name: field('Name'),
    state: field('State').slice(0, 1),
    group: numbers('Tgid')[0] ?? 0,
    uid: numbers('Uid')[1] ?? -1,
    pids: numbers('NSpid'),
    handlesSignal: isInMask(field('SigCgt'), constants.signals.SIGUSR1),
  };
}

/** Parses words that end with a zero byte, as in `/proc/PID/cmdline`. */
export function parseWords(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** Returns the value of a variable in the text of `/proc/PID/environ`; empty if it is not set. */
export function variableIn(text: string, name: string): string {
  const entry = parseWords(text).find((each) => each.startsWith(`${name}=`));
  return entry?.slice(name.length + 1) ?? '';
}

function isInMask(hex: string, signal: number): boolean {
  if (!/^[0-9a-f]+$/i.test(hex)) return false;
  return ((BigInt(`0x${hex}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

function textOf(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

function linkOf(pid: number | 'self', name: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}
