import { type CaptureEnd, MemrayProfiler } from '@heapray/exporter/memray';
import { decodePprof } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';
import { detectFormat, HEAD_BYTES, type InputFormat } from './detect.js';
import { decodeHeapProfile } from './heapprofile.js';
import { readCapture } from './memray.js';
import { ownPackage } from './own-package.js';
import { mayUseThread } from './own-thread.js';
import { collect, type OpenInput, openInput } from './read-bytes.js';

export type { InputFormat } from './detect.js';

/** A profile and what it was read from. */
export interface Input {
  readonly profile: Profile;
  readonly format: InputFormat;
  /** How a capture ended; other formats are whole or refused. */
  readonly end?: CaptureEnd;
}

/** Most bytes of a file that is held in memory as a whole; a capture is not. */
const MAX_BYTES = 2 ** 28;

/** The formats a profile can be read from, for messages and help. */
export const PROFILE_FORMATS =
  'memray captures (.bin), pprof (.pb, .pb.gz) and V8 heap profiles (.heapprofile)';

/**
 * Reads a file, or standard input for `-`, in whichever format it turns out to be.
 * @throws CommandError with one line: the file, what is wrong, and where
 */
export async function readInput(input: string): Promise<Input> {
  const opened = await openInput(input, HEAD_BYTES);
  const format = detectFormat(opened.head);
  if (format === 'memray') return readCaptureProfile(opened);
  return decode(opened.name, await collect(opened, MAX_BYTES), format);
}

async function readCaptureProfile(opened: OpenInput): Promise<Input> {
  const profiler = new MemrayProfiler({ ownThread: mayUseThread(), ownPackage });
  const end = await readCapture(opened, profiler);
  return { profile: profiler.profile(), format: 'memray', end };
}

function decode(name: string, bytes: Uint8Array, format: Exclude<InputFormat, 'memray'> | undefined): Input {
  try {
    if (format === 'heapprofile') return { profile: decodeHeapProfile(bytes), format };
    return { profile: decodePprof(bytes), format: 'pprof' };
  } catch (cause) {
    if (!(cause instanceof Error && cause.name === 'FormatError')) throw cause;
    const reason =
      format === undefined
        ? `no profile that is known; this command reads ${PROFILE_FORMATS}`
        : cause.message;
    throw new CommandError(`${name}: ${reason}`, { cause });
  }
}
