import type { CaptureDamage, CaptureEnd, TimeWindow } from '@heapray/exporter/memray';
import { CommandError } from '../errors.js';
import { setExitStatus } from '../exit-status.js';
import { note } from '../io/note.js';
import { CompressionError } from './compression/compression.js';
import { detectFormat, HEAD_BYTES } from './detect.js';
import { type OpenInput, openInput } from './read-bytes.js';

/** Consumer of a capture's bytes: an analyzer, a record stream or a converter. */
export interface CaptureReader {
  /** True if more bytes would change no result. */
  readonly settled: boolean;
  push(bytes: Uint8Array): void;
  end(): CaptureEnd;
}

/** A capture whose bytes have not been read yet. */
export interface OpenCapture extends OpenInput {
  /** Set when reading ended because the compression around the capture is damaged. */
  damage?: CaptureDamage;
}

/** Returns why a capture is not complete, in a few words for the user. Undefined when it is complete. */
export function incompleteReason({ complete, damage, rest }: CaptureEnd): string | undefined {
  if (rest !== undefined) {
    const what = rest.isCapture ? 'another capture begins' : 'something else begins behind the capture';
    return `${what} at byte ${rest.offset} ${placeOf(rest)}; it is not read`;
  }
  if (complete) return undefined;
  if (damage === undefined) {
    return 'the capture has no end: its program still runs, or was killed, or the file is cut off';
  }
  return `damaged at byte ${damage.offset} ${placeOf(damage)}: ${damage.reason}; what comes before it is used`;
}

function placeOf({ compressed }: { readonly compressed: boolean }): string {
  return compressed ? 'of the compressed file' : 'of the capture';
}

/** Opens a file that must be a memray capture. */
export async function openCapture(input: string): Promise<OpenCapture> {
  const opened = await openInput(input, HEAD_BYTES);
  if (detectFormat(opened.head) === 'memray') return opened;
  await opened.close();
  throw new CommandError(`${opened.name}: not a memray capture`);
}

/**
 * Passes the bytes of a capture to a reader until it needs no more. Yields after each piece.
 *
 * @throws CommandError with one line: the file, the reason, and the position
 */
export async function* pushCapture(opened: OpenCapture, reader: CaptureReader): AsyncGenerator<void> {
  let offset = 0;
  try {
    for await (const chunk of opened.chunks) {
      withName(opened.name, () => reader.push(chunk));
      offset += chunk.length;
      yield;
      if (reader.settled) return;
    }
  } catch (cause) {
    if (!(cause instanceof CompressionError)) throw cause;
    opened.damage = { offset, compressed: false, reason: cause.message };
  }
}

/** Ends the reading of a capture, and reports on stderr if it is incomplete. Throws as {@link pushCapture} does. */
export function finishCapture({ name, damage }: OpenCapture, reader: CaptureReader): CaptureEnd {
  const ofCapture = withName(name, () => reader.end());
  const end = damage === undefined || ofCapture.complete ? ofCapture : { ...ofCapture, damage };
  const reason = incompleteReason(end);
  if (reason !== undefined) note(`${name}: ${reason}`);
  return end;
}

/** Reads a whole capture, and reports on stderr if it is incomplete. Throws as {@link pushCapture} does. */
export async function readCapture(opened: OpenCapture, reader: CaptureReader): Promise<CaptureEnd> {
  for await (const _ of pushCapture(opened, reader));
  return finishCapture(opened, reader);
}

/** Reports on stderr if a capture ends before the time that `--until` selects. */
export function noteCut(name: string, window: TimeWindow | undefined): void {
  if (window?.isCut) note(`${name}: ends before --until; shown: ${window.text}`);
}

/**
 * Implements `--strict`: sets the exit status 1 for the end of the command if a capture is damaged, has no end, or is
 * followed by other data.
 */
export function applyStrict(strict: boolean | undefined, ...ends: readonly (CaptureEnd | undefined)[]): void {
  if (strict && ends.some((end) => end !== undefined && incompleteReason(end) !== undefined))
    setExitStatus(1);
}

function withName<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    // `WindowError`: the capture does not have the time that the user asks for.
    if (!(cause instanceof Error && ['FormatError', 'WindowError'].includes(cause.name))) throw cause;
    throw new CommandError(`${name}: ${cause.message}`, { cause });
  }
}
