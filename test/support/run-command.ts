import { type SpawnOptions, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { childEnv } from './child-env.js';
import { PATIENCE_MILLIS } from './patience.js';

export interface CommandResult {
  /** The exit status; null if a signal ended the command. */
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Written to the command's stdin, which is then closed. */
  input?: string | Uint8Array;
  timeoutMillis?: number;
}

/** Runs a command to its end; a failing status does not throw. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd, env, input = '', timeoutMillis = PATIENCE_MILLIS } = options;
  const settings: SpawnOptions = { env: childEnv(env), timeout: timeoutMillis, killSignal: 'SIGKILL' };
  const child = spawn(command, args, cwd === undefined ? settings : { ...settings, cwd });
  const ended = new Promise<Pick<CommandResult, 'status' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal }));
  });
  // A command that does not read its input may close it early; its status shows the outcome.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [end, stdout, stderr] = await Promise.all([ended, read(child.stdout), read(child.stderr)]);
  return { ...end, stdout, stderr };
}

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? '' : text(stream);
}
