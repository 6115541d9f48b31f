import { codeOf } from '../errors.js';

/** Whether there is a process of that number, be it ours or somebody else's. */
export function processIsAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
