import { readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { isStdin } from './stdin-names.js';

const MIB = 2 ** 20;
const MEGABYTE = 1e6;
const DEFAULT_MEMORY = 512 * MIB;
/** Of an input of more than 32 MiB: more than a capture of which nothing is freed needs. */
const MEMORY_PER_BYTE = 16;
const DEFAULT_SECONDS = 10;
const CAPTURE = /_memory\..*bin(?:\.\d{1,10})?$/;

/** What a command may take. */
export interface Bounds {
  /** Of resident memory, in bytes. */
  readonly memory: number;
  /** Of processor time; and no less by the clock. */
  readonly seconds: number;
}

/** What the user says of the bounds; undefined where nothing, or nothing that makes sense. */
export interface BoundOptions {
  readonly maxMemory: number | undefined;
  readonly maxSeconds: number | undefined;
}

/** The bounds for inputs of so many bytes: by default 512 MiB or 16 times the input, and 10 s or a second per MB. */
export function boundsFor(inputBytes: number, { maxMemory, maxSeconds }: BoundOptions): Bounds {
  const memory =
    maxMemory === undefined ? Math.max(DEFAULT_MEMORY, inputBytes * MEMORY_PER_BYTE) : maxMemory * MIB;
  // In a container the system would end the process there without a word.
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    memory: Math.min(memory, allowed * 0.9),
    seconds: maxSeconds ?? Math.max(DEFAULT_SECONDS, inputBytes / MEGABYTE),
  };
}

/** Reads `--max-memory` and `--max-seconds`, before the command itself does. */
export function boundOptions(args: readonly string[]): BoundOptions {
  return { maxMemory: numberOf(args, '--max-memory'), maxSeconds: numberOf(args, '--max-seconds') };
}

function numberOf(args: readonly string[], option: string): number | undefined {
  const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  if (at < 0) return undefined;
  const text = args[at] === option ? args[at + 1] : args[at]!.slice(option.length + 1);
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

/** Whether one of the arguments is standard input or a pipe: nobody knows how much will come. */
export function readsPipe(args: readonly string[]): boolean {
  return args.some((arg) => isStdin(arg) || statOf(arg)?.isFIFO() === true);
}

/**
 * Bytes of the files that arguments name, of the captures in folders that they name, and of standard input where that
 * is a file.
 */
export function inputBytes(args: readonly string[]): number {
  let bytes = 0;
  args.forEach((arg, at) => {
    if (['-o', '--output'].includes(args[at - 1] ?? '')) return;
    if (arg === '-') bytes += statOf(0)?.size ?? 0;
    else bytes += sizeAt(arg);
  });
  return bytes;
}

function sizeAt(file: string): number {
  const stats = statOf(file);
  if (stats?.isFile()) return stats.size;
  if (!stats?.isDirectory()) return 0;
  try {
    const names = readdirSync(file).filter((name) => CAPTURE.test(name));
    return names.reduce((sum, name) => sum + (statOf(path.join(file, name))?.size ?? 0), 0);
  } catch {
    return 0;
  }
}

function statOf(file: string | 0): Stats | undefined {
  try {
    return statSync(file === 0 ? '/dev/stdin' : file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
