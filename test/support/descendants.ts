// Finds the processes that a process has started, on systems with /proc.
import { readdirSync, readFileSync } from 'node:fs';
import { atEnd } from './cleanup.js';

/** Returns the ids of all living processes that a process has started, directly or not. */
export function descendants(pid: number): readonly number[] {
  const children = parents().filter(([, parent]) => parent === pid);
  return children.flatMap(([child]) => [child, ...descendants(child)]);
}

/** Kills what a process has started at the end of the test, before the process itself: a killed one leaves its children. */
export function killDescendantsAtEnd(pid: number): void {
  atEnd(() => {
    for (const child of descendants(pid)) kill(child);
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Returns whether a process exists that has not ended. */
export function isRunning(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat.state !== 'Z';
}

function parents(): readonly (readonly [number, number])[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    const stat = statOf(Number(name));
    return stat === undefined || stat.state === 'Z' ? [] : [[Number(name), stat.parent] as const];
  });
}

function statOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    // Skip the name in parentheses, which may contain any characters.
    const [state = '', parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
