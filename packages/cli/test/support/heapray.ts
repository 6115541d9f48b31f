// The built command, run as a separate process as a user does.
import { fileURLToPath } from 'node:url';
import { type CommandOptions, type CommandResult, runCommand } from '../../../../test/support/run-command.js';

/** Path of the command's main script. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Settings that keep the profiled programs of these tests off the network. */
const QUIET = { HEAPRAY_DEBUG_ADDR: 'off', OTEL_METRICS_EXPORTER: 'none' };

/** Runs `heapray` with these arguments until it ends. */
export function heapray(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return runCommand(process.execPath, [MAIN, ...args], { ...options, env: { ...QUIET, ...options.env } });
}

/** Runs a shell command line in which `heapray` is the command. */
export function shell(line: string, options: CommandOptions = {}): Promise<CommandResult> {
  const script = `heapray() { "$NODE" "$MAIN" "$@"; }\n${line}`;
  const env = { ...QUIET, NODE: process.execPath, MAIN, ...options.env };
  return runCommand('bash', ['-c', script], { ...options, env });
}
