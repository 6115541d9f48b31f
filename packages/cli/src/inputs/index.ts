import { decodePprof } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';
import { detectFormat, HEAD_BYTES, type InputFormat } from './detect.js';
import { decodeHeapProfile } from './heapprofile.js';
import { readBytes } from './read-bytes.js';

export type { InputFormat } from './detect.js';

/** A profile and what it was read from. */
export interface Input {
  readonly profile: Profile;
  readonly format: InputFormat;
}

/** Most bytes of a file that is held in memory as a whole. */
const MAX_BYTES = 2 ** 28;

/** The formats a profile can be read from, for messages and help. */
export const PROFILE_FORMATS = 'pprof (.pb, .pb.gz) and V8 heap profiles (.heapprofile)';

/**
 * Reads a file, or standard input for `-`, in whichever format it turns out to be.
 * @throws CommandError with one line: the file, what is wrong, and where
 */
export async function readInput(input: string): Promise<Input> {
  const name = input === '-' ? 'standard input' : input;
  let format: InputFormat | undefined;
  const bytes = await readBytes(input, {
    maxBytes: MAX_BYTES,
    headBytes: HEAD_BYTES,
    onHead: (head) => {
      format = detectFormat(head);
      if (format === 'memray') {
        throw new CommandError(`${name}: this is a memray capture; this command reads ${PROFILE_FORMATS}`);
      }
    },
  });
  return decode(name, bytes, format);
}

function decode(name: string, bytes: Uint8Array, format: InputFormat | undefined): Input {
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
