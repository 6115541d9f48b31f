import { type CaptureEnd, type CaptureWindow, MemrayProfiler } from '@heapray/exporter/memray';
import { decodeOtlpProfiles, FormatError } from '@heapray/exporter/otlp';
import { PprofDecoder } from '@heapray/exporter/pprof';
import { mergeProfiles, type Profile } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';
import { ownPackage } from '../own-package.js';
import { CompressionError } from './compression/compression.js';
import { detectFormat, HEAD_BYTES, type InputFormat } from './detect.js';
import { HeapProfileDecoder } from './heapprofile/heapprofile.js';
import { noteCut, readCapture } from './memray.js';
import { mayUseThread } from './own-thread.js';
import { type OpenInput, openInput } from './read-bytes.js';

export type { InputFormat } from './detect.js';

/** A profile and its source. */
export interface Input {
  readonly profile: Profile;
  readonly format: InputFormat;
  /** State of a capture at its end. Undefined for other formats, which are complete or rejected. */
  readonly end?: CaptureEnd;
}

/** Formats that a profile can be read from, for messages and help. */
export const PROFILE_FORMATS =
  'memray captures (.bin), pprof (.pb, .pb.gz), OTLP profiles and V8 heap profiles (.heapprofile)';

/**
 * Reads a file in any supported format, or standard input for `-`.
 *
 * @param window part of the time to consider, for captures only. Default: all
 * @throws CommandError with one line: the file, the reason, and the position
 */
export async function readInput(input: string, window?: CaptureWindow): Promise<Input> {
  return readOpenInput(await openInput(input, HEAD_BYTES), window);
}

/** Reads an open file, as {@link readInput} does. */
export async function readOpenInput(opened: OpenInput, window?: CaptureWindow): Promise<Input> {
  // For unrecognized gzipped data, pprof's reader has the best error message.
  const format = detectFormat(opened.head) ?? (opened.compression === 'gzip' ? 'pprof' : undefined);
  if (format === 'memray') return readCaptureProfile(opened, window);
  if (format !== undefined && window !== undefined) {
    await opened.close();
    throw new CommandError(`${opened.name}: no memray capture; --from and --until need its times`);
  }
  if (format !== undefined) return { profile: await decode(opened, format), format };
  await opened.close();
  throw new CommandError(`${opened.name}: no profile that is known; this command reads ${PROFILE_FORMATS}`);
}

async function readCaptureProfile(opened: OpenInput, window: CaptureWindow | undefined): Promise<Input> {
  const profiler = new MemrayProfiler({ ownThread: mayUseThread(), ownPackage, window });
  const end = await readCapture(opened, profiler);
  noteCut(opened.name, profiler.window);
  return { profile: profiler.profile(), format: 'memray', end };
}

/** Decodes piece by piece, because a profile takes less memory than its file. */
async function decode({ name, chunks }: OpenInput, format: Exclude<InputFormat, 'memray'>): Promise<Profile> {
  try {
    if (format === 'otlp') return await decodeOtlp(chunks);
    if (format === 'heapprofile') {
      const decoder = new HeapProfileDecoder();
      for await (const chunk of chunks) decoder.push(chunk);
      return decoder.end();
    }
    const decoder = new PprofDecoder();
    for await (const chunk of chunks) decoder.push(chunk);
    return decoder.end();
  } catch (cause) {
    if (cause instanceof CompressionError) {
      const what = format === 'heapprofile' ? 'V8 heap profile' : format;
      throw new CommandError(`${name}: ${what}: ${cause.message}`, { cause });
    }
    if (!(cause instanceof Error && cause.name === 'FormatError')) throw cause;
    throw new CommandError(`${name}: ${cause.message}`, { cause });
  }
}

/** Maximum size of OTLP profiles in bytes. They are read as a whole, because tables may follow what refers to them. */
const MAX_OTLP_BYTES = 2 ** 26;

/** Returns the sum of all profiles of a file. */
async function decodeOtlp(chunks: AsyncIterable<Uint8Array>): Promise<Profile> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > MAX_OTLP_BYTES)
      throw new FormatError('otlp', `larger than the limit of ${MAX_OTLP_BYTES} bytes`);
    parts.push(new Uint8Array(chunk));
  }
  const profiles = decodeOtlpProfiles(Buffer.concat(parts));
  const [first, ...more] = profiles;
  if (first === undefined) throw new FormatError('otlp', 'there is no profile in it');
  if (more.length === 0) return first;
  try {
    return mergeProfiles(profiles);
  } catch (cause) {
    throw new FormatError('otlp', (cause as Error).message, undefined, { cause });
  }
}
