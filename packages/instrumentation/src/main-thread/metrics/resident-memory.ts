import { readFileSync } from 'node:fs';
import v8 from 'node:v8';
import { memoryUsage } from '../../protocol/memory-usage.js';
import { MathMax, ObjectValues, process, SafeNumber, SafeRegExp } from '../../protocol/primordials.js';
import { transferredBuffers } from './transferred-buffers.js';

/** Process memory as reported by Linux, in bytes. */
export interface KernelMemory {
  /** Resident pages of files and shared memory. */
  readonly file: number;
  /** The main thread's stack. */
  readonly stack: number;
}

/**
 * Returns the resident memory of the process by kind, in bytes. `unexplained` is the remainder, so that the
 * kinds always add up to the resident set. It is negative if memory is reserved but not touched yet. Reads
 * only existing counters: takes tens of microseconds, however much memory there is.
 *
 * @param profilerBytes heap of the profiler thread
 * @param kernel undefined where the system does not report it; its kinds are then absent, and part of the
 *   remainder
 */
export function residentByKind(
  profilerBytes = 0,
  kernel: KernelMemory | undefined = readKernelMemory(),
): Readonly<Record<string, number>> {
  const { rss, external, arrayBuffers } = memoryUsage();
  const transferred = transferredBuffers.bytes({ external, arrayBuffers });
  const code = codeBytes();
  const { total_physical_size: physical, malloced_memory: malloc } = v8.getHeapStatistics();
  const explained = {
    heap: physical - code,
    code,
    array_buffers: arrayBuffers + transferred,
    // Subtract array buffers, which V8 counts as external memory too.
    external: MathMax(0, external - arrayBuffers - transferred),
    malloc,
    profiler: profilerBytes,
    ...(kernel && { stack: kernel.stack, mapped_file: kernel.file }),
  };
  const sum = ObjectValues(explained).reduce((total, bytes) => total + bytes, 0);
  return { ...explained, unexplained: rss - sum };
}

/** Returns the bytes of compiled code in V8's heap. */
function codeBytes(): number {
  return v8
    .getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('code_'))
    .reduce((sum, { physical_space_size: bytes }) => sum + bytes, 0);
}

const STATUS = '/proc/self/status';

/** Reads the kernel's counters. `smaps` has more detail, but walks all pages: milliseconds per gigabyte. */
function readKernelMemory(): KernelMemory | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return parseKernelMemory(readFileSync(STATUS, 'latin1'));
  } catch {
    // `/proc` is not mounted, or may not be read.
    return undefined;
  }
}

/** Parses /proc/PID/status; undefined if fields are missing, as before Linux 4.5. */
export function parseKernelMemory(status: string): KernelMemory | undefined {
  const bytes = (name: string) => {
    const kibibytes = new SafeRegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1];
    return kibibytes === undefined ? undefined : SafeNumber(kibibytes) * 1024;
  };
  const [file, shared, stack] = [bytes('RssFile'), bytes('RssShmem'), bytes('VmStk')];
  if (file === undefined || shared === undefined || stack === undefined) return undefined;
  return { file: file + shared, stack };
}
