// A control group with a memory limit, where this machine lets us make one (version 1 or 2, as root).
import { appendFileSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PLACES = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
];

/**
 * Makes a group. Returns the shell command that enters it, with the command to run as its arguments, and a function that
 * removes it; undefined where that is not allowed.
 */
export function memoryGroup(name, limitBytes) {
  for (const { folder, limit } of PLACES) {
    const group = path.join(folder, name);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const remove = () => rmdirSync(group);
    try {
      writeFileSync(path.join(group, limit), `${limitBytes}`);
      if (Number(readFileSync(path.join(group, limit), 'latin1')) !== limitBytes) throw new Error('no limit');
      appendFileSync(path.join(group, 'cgroup.procs'), '');
      return { enter: ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'], remove };
    } catch {
      remove();
    }
  }
  return undefined;
}
