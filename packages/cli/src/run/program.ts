import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { CommandError, codeOf, fileError } from '../errors.js';
import { setExitStatus } from '../exit-status.js';

export interface ProgramEnd {
  readonly pid: number;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
/** Signals that a terminal sends to all foreground processes, including the program. */
const FROM_THE_KEYBOARD: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/**
 * Runs a program on this process's own terminal until it ends. Forwards signals that this process receives.
 *
 * @throws CommandError when the program cannot be started
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ProgramEnd> {
  let child: ChildProcess | undefined;
  const atTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  const forward = (signal: NodeJS.Signals): void => {
    if (!(atTerminal && FROM_THE_KEYBOARD.includes(signal))) child?.kill(signal);
  };
  // Register before the start: the program may be running, and a signal arrive for it, before `start` returns.
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    const started = start(command, args, env);
    child = started;
    return await new Promise((resolve, reject) => {
      started.once('error', (error) => reject(startError(command, error)));
      started.once('exit', (status, signal) => resolve({ pid: started.pid ?? 0, status, signal }));
    });
  } finally {
    for (const signal of FORWARDED) process.removeListener(signal, forward);
  }
}

/**
 * Ends this process as the program ended: with its status, or by the same signal, so that a shell sees no difference.
 * If the signal does not end this process, the status is 128 plus its number.
 */
export function endLike({ status, signal }: ProgramEnd): void {
  if (signal === null) {
    setExitStatus(status ?? 1);
    return;
  }
  setExitStatus(128 + constants.signals[signal]);
  // On SIGUSR1, Node would start its debugger and continue.
  if (signal !== 'SIGUSR1') process.kill(process.pid, signal);
}

/** Starts the program. Some errors are thrown, others are events. */
function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  try {
    return spawn(command, args, { stdio: 'inherit', env });
  } catch (error) {
    throw fileError(command, error);
  }
}

function startError(command: string, cause: Error): CommandError {
  if (codeOf(cause) === 'ENOENT') return new CommandError(`${command}: command not found`, { cause });
  if (codeOf(cause) === 'EACCES' && /\.[cm]?[jt]s$/.test(command)) {
    return new CommandError(`${command}: is not a program; start it with: heapray run node ${command}`, {
      cause,
    });
  }
  return fileError(command, cause);
}
