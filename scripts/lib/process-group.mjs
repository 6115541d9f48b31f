// Looks into a process group whose leader has ended: nobody should be in it any more.
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processStat, readProc } from './processes.mjs';

/** Costs only where something is left: a busy machine may take seconds to end what was killed. */
const PATIENCE_MILLIS = 20_000;

/** The command lines still in the group, after a moment in which ending processes may end. */
export async function groupMembers(group) {
  const until = Date.now() + PATIENCE_MILLIS;
  for (;;) {
    const members = processIds().filter((pid) => isMember(pid, group));
    if (members.length === 0 || Date.now() > until) return members.map(commandLine);
    await delay(50);
  }
}

/** All process ids; none where the system has no /proc, and then the group is only killed. */
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
