import fs from 'node:fs';
import { process, SafeNumber, SafeRegExp } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';
import { descriptorProblem } from './descriptors.js';

/**
 * Address space needed, in bytes. V8 aborts the process if it cannot reserve a thread's heap and code, some
 * 1.1 GB.
 */
const ADDRESS_BYTES = 2 ** 31;
const { readFileSync } = fs;

/**
 * Checks that starting the profiler thread does not harm the process.
 *
 * @returns the reason why it would; undefined if it is safe
 */
export function startProblem(): string | undefined {
  return descriptorProblem() ?? addressProblem();
}

interface Limit {
  readonly limit: string;
  readonly used: string;
  readonly option: string;
}
const LIMITS: readonly Limit[] = [
  { limit: 'Max address space', used: 'VmSize', option: '-v' },
  { limit: 'Max data size', used: 'VmData', option: '-d' },
];

function addressProblem(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return contain(
    () => {
      const limits = readFileSync('/proc/self/limits', 'latin1');
      const status = readFileSync('/proc/self/status', 'latin1');
      for (let at = 0; at < LIMITS.length; at++) {
        const problem = shortOf(LIMITS[at]!, limits, status);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    // `/proc` is not mounted, or may not be read.
    () => {},
  );
}

function shortOf({ limit, used, option }: Limit, limits: string, status: string): string | undefined {
  const soft = firstNumber(limits, `^${limit} +(\\d+) `);
  const kibibytes = firstNumber(status, `^${used}:\\s*(\\d+) kB$`);
  if (soft === undefined || kibibytes === undefined) return undefined;
  const left = soft - kibibytes * 1024;
  if (left >= ADDRESS_BYTES) return undefined;
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return `only ${mebibytes(left)} of memory can be reserved (ulimit ${option}), and ${mebibytes(ADDRESS_BYTES)} are needed`;
}

function firstNumber(text: string, pattern: string): number | undefined {
  const digits = new SafeRegExp(pattern, 'm').exec(text)?.[1];
  return digits === undefined ? undefined : SafeNumber(digits);
}
