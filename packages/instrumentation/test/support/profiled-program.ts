import { fileURLToPath } from 'node:url';
import { type NodeLine, nodeBinary } from '../../../../test/support/peers.js';
import { type CommandOptions, type CommandResult, runCommand } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';

/** URL of the built preload. */
export const REGISTER = new URL('../../dist/register.js', import.meta.url).href;

export interface ProgramOptions {
  /** A file of test/programs and its arguments. */
  program: readonly string[];
  line?: NodeLine;
  nodeArgs?: readonly string[];
  env?: Record<string, string | undefined>;
  /** Command that runs the one given after it. */
  prefix?: readonly string[];
  cwd?: string;
  /** URLs of preloads before heapray's. */
  before?: readonly string[];
  /** Runs the program without heapray. */
  plain?: boolean;
}

/** Returns the command that runs a program of test/programs under heapray, with servers on free ports. */
export function programCommand(options: ProgramOptions): {
  command: string;
  args: string[];
  options: CommandOptions & { cwd: string; env: Record<string, string | undefined> };
} {
  const { program, line = '24', nodeArgs = [], prefix = [], before = [], plain = false } = options;
  const [file = '', ...programArgs] = program;
  const preloads = [...before, ...(plain ? [] : [REGISTER])].flatMap((url) => ['--import', url]);
  const [command = '', ...args] = [
    ...prefix,
    nodeBinary(line),
    ...nodeArgs,
    ...preloads,
    fileURLToPath(new URL(`../programs/${file}`, import.meta.url)),
    ...programArgs,
  ];
  const env = { HEAPRAY_DEBUG_ADDR: '127.0.0.1:0', OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...options.env };
  return { command, args, options: { cwd: options.cwd ?? tempFolder(), env } };
}

/** Runs a program of test/programs to its end. */
export async function runProgram(options: ProgramOptions): Promise<CommandResult> {
  const { command, args, options: run } = programCommand(options);
  return runCommand(command, args, run);
}

/** Returns the lines that heapray wrote to stderr. */
export function linesOf({ stderr }: CommandResult): string[] {
  return stderr.match(/^heapray: .*$/gm) ?? [];
}
