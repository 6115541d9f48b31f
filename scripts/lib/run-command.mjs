// Runs commands side by side, each in its own process group, so that a time limit or the end of this process
// ends everything a command has started.
import { spawn } from 'node:child_process';
import { ROOT } from './bootstrap.mjs';

const TEN_MINUTES = 600_000;
const groups = new Set();

process.on('exit', () => {
  for (const group of groups) killGroup(group);
});

/** Starts a command in its own process group; the group is killed at the latest when this process ends. */
export function spawnGroup(command, args, options = {}) {
  const child = spawn(command, args, { cwd: ROOT, detached: true, ...options });
  if (child.pid !== undefined) groups.add(child.pid);
  return child;
}

/** Kills the remaining processes of a group. */
export function killGroup(group) {
  groups.delete(group);
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // The group had already ended.
  }
}

/**
 * Runs a command to its end and returns its stdout. Throws with the whole output if it fails, and with the system's
 * error code if it cannot be started.
 */
export async function run(command, args, { timeoutMillis = TEN_MINUTES, ...options } = {}) {
  const child = spawnGroup(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const output = collect(child);
  let late = '';
  const timer = setTimeout(() => {
    late = ` (not done after ${timeoutMillis / 1000} s)`;
    killGroup(child.pid);
  }, timeoutMillis);
  let code;
  child.once('error', (error) => {
    code = error.code;
  });
  const how = await ended(child);
  clearTimeout(timer);
  if (child.pid !== undefined) killGroup(child.pid);
  if (how === 0) return output.stdout;
  const message = `${command} ${args.join(' ')}: ${how}${late}\n${output.all}`.trimEnd();
  throw Object.assign(new Error(message), { code });
}

/** Waits for a child's end; returns 0, or a description of the failure. */
export function ended(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(status === 0 ? 0 : `ended with ${signal ?? status}`));
  });
}

function collect(child) {
  const output = { stdout: '', all: '' };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output.stdout += text;
    output.all += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    output.all += text;
  });
  return output;
}
