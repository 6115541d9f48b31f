import { readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { isStdin } from '../io/stdin-names.js';

const MIB = 2 ** 20;
const MEGABYTE = 1e6;
const DEFAULT_MEMORY = 512 * MIB;
/**
 * Memory per byte of an input of more than 16 MiB. A capture in which nothing is freed needs half of it; JSON needs up
 * to 24.
 */
const MEMORY_PER_BYTE = 32;
const DEFAULT_SECONDS = 10;
const CAPTURE = /_memory\..*bin(?:\.\d{1,10})?$/;

/** Resource limits of a command. */
export interface Bounds {
  /** Maximum resident memory in bytes. */
  readonly memory: number;
  /** Maximum processor time in seconds. A command is ended when its elapsed time exceeds this as well. */
  readonly seconds: number;
}

/** Limits given by the user; undefined if missing or invalid. */
export interface BoundOptions {
  readonly maxMemory: number | undefined;
  readonly maxSeconds: number | undefined;
}

/** Returns the limits for inputs of a given size. Default: 512 MiB or 32 times the input, and 10 s or 1 s per MB. */
export function boundsFor(inputBytes: number, { maxMemory, maxSeconds }: BoundOptions): Bounds {
  const memory =
    maxMemory === undefined ? Math.max(DEFAULT_MEMORY, inputBytes * MEMORY_PER_BYTE) : maxMemory * MIB;
  // In a container, the system would kill the process at this size without a message.
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return {
    memory: Math.min(memory, allowed * 0.9),
    seconds: maxSeconds ?? Math.max(DEFAULT_SECONDS, inputBytes / MEGABYTE),
  };
}

/** Parses `--max-memory` and `--max-seconds`, before the command itself does. */
export function boundOptions(args: readonly string[]): BoundOptions {
  return { maxMemory: numberOf(args, '--max-memory'), maxSeconds: numberOf(args, '--max-seconds') };
}

function numberOf(args: readonly string[], option: string): number | undefined {
  const at = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  if (at < 0) return undefined;
  const text = args[at] === option ? args[at + 1] : args[at]!.slice(option.length + 1);
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

/** Returns whether one of the arguments is standard input or a pipe, whose size is unknown. */
export function readsPipe(args: readonly string[]): boolean {
  return args.some((arg) => isStdin(arg) || statOf(arg)?.isFIFO() === true);
}

/**
 * Returns the size in bytes of all files in the arguments, of the captures in folders, and of standard input if it is a
 * file.
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
