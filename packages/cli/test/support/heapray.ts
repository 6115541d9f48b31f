// The built command as a user runs it: a process of its own.
import { fileURLToPath } from 'node:url';
import { type CommandOptions, type CommandResult, runCommand } from '../../../../test/support/run-command.js';

/** The command's main script. */
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Programs that are profiled in these tests talk to nobody. */
const QUIET = { HEAPRAY_DEBUG_ADDR: 'off', OTEL_METRICS_EXPORTER: 'none' };

/** Runs `heapray` with these arguments to its end. */
export function heapray(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return runCommand(process.execPath, [MAIN, ...args], { ...options, env: { ...QUIET, ...options.env } });
}

/** Runs a line of shell in which `heapray` is the command. */
export function shell(line: string, options: CommandOptions = {}): Promise<CommandResult> {
  const script = `heapray() { "$NODE" "$MAIN" "$@"; }\n${line}`;
  const env = { ...QUIET, NODE: process.execPath, MAIN, ...options.env };
  return runCommand('bash', ['-c', script], { ...options, env });
}
