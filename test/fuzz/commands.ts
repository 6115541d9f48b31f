// Runs every command that reads files, in this process.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main } from '../../packages/cli/src/cli.js';
import { useCommandIo } from '../../packages/cli/src/io/current-io.js';

/** Arguments after the name of the file, and whether the command makes a file `out.*`. */
const COMMANDS: readonly (readonly string[])[] = [
  ['top'],
  ['top', '--json', '--group', 'package'],
  ['stats'],
  ['stats', '--json', '--strict'],
  ['parse'],
  ['lifetimes', '--json'],
  ['top', '--from', '0.001', '--until', '1h'],
  ['diff', 'DAMAGED'],
  ['watch', '--once'],
  ...['json', 'folded', 'heapprofile', 'pb', 'pb.gz', 'bin'].map((extension) => [
    'convert',
    '-o',
    `out.${extension}`,
  ]),
  ['convert', '-o', 'out.bin', '--memray-format', '11', '--strict'],
  ['convert', '-o', 'out.bin', '--aggregate'],
  ['flamegraph', '-o', 'out.html'],
];

/** Number of commands; {@link runCommand} takes a number below it. */
export const COMMAND_COUNT: number = COMMANDS.length;

/**
 * Runs a command on these bytes, in a folder of its own. Returns its status: 0, or 1 after one clear line; throws if
 * it ends in another way or leaves files behind.
 */
export async function runCommand(bytes: Uint8Array, command: number, folder: string): Promise<number> {
  const file = path.join(folder, 'damaged_memory.bin');
  writeFileSync(file, bytes);
  const [name = '', ...options] = COMMANDS[command]!;
  const given = options.map((option) => (/^out\./.test(option) ? path.join(folder, option) : option));
  const args = [name, file, ...given.map((option) => (option === 'DAMAGED' ? file : option))];
  let errors = '';
  let written = 0;
  useCommandIo({
    columns: undefined,
    write: async (chunk) => {
      written += chunk.length;
      return true;
    },
    writeError: (text) => {
      errors += text;
    },
    stdin: () => {
      throw new Error('nobody asks for standard input');
    },
    removeAtEnd: () => () => {},
    reading: () => {},
    read: () => {},
  });
  const status = await main(args);
  check({ args, status, errors, written, file, folder });
  rmSync(folder, { recursive: true });
  return status;
}

interface Outcome {
  readonly args: readonly string[];
  readonly status: number;
  readonly errors: string;
  readonly written: number;
  readonly file: string;
  readonly folder: string;
}

function check({ args, status, errors, written, file, folder }: Outcome): void {
  const problem = (what: string) =>
    new Error(`heapray ${args.join(' ')}: ${what}: status ${status}, ${errors}`);
  if (status !== 0 && status !== 1) throw problem('another status');
  if (errors.includes('internal error')) throw problem('an internal error');
  const lines = errors.split('\n').slice(0, -1);
  const isLine = (line: string) => line.startsWith(`heapray: ${file}: `) && line.length < 1_000;
  // `watch` prints states of files, hints and a summary instead.
  if (args[0] !== 'watch' && !lines.every(isLine)) throw problem('a line that does not say which file');
  if (status === 1 && lines.length === 0) throw problem('no reason');
  const left = readdirSync(folder).filter((name) => name !== path.basename(file));
  const output = args.find((arg) => path.basename(arg).startsWith('out.'));
  if (left.some((name) => output === undefined || name !== path.basename(output)))
    throw problem(`left ${left}`);
  if (status === 0 && output !== undefined && !existsSync(output)) throw problem('no output');
  if (status === 0 && output === undefined && written === 0 && args[0] !== 'parse')
    throw problem('nothing said');
}
