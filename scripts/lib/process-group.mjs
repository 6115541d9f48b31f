// Looks for processes that remain in a process group after its leader has ended.
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processStat, readProc } from './processes.mjs';

/** Longest wait for processes to end: a busy machine may take seconds to end a killed process. */
const PATIENCE_MILLIS = 20_000;

/** Returns the command lines still in the group, after a wait for ending processes. */
export async function groupMembers(group) {
  const until = Date.now() + PATIENCE_MILLIS;
  for (;;) {
    const members = processIds().filter((pid) => isMember(pid, group));
    if (members.length === 0 || Date.now() > until) return members.map(commandLine);
    await delay(50);
  }
}

/** Returns all process ids; none on systems without /proc, where the group is only killed. */
function processIds() {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function isMember(pid, group) {
  const stat = processStat(pid);
  return stat?.group === group && stat.state !== 'Z';
}

function commandLine(pid) {
  return `${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ').trim()}`;
}
