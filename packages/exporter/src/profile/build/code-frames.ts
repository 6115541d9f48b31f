import { addressName } from '../model/address-name.js';
import { ANONYMOUS } from '../model/frame-kind.js';
import type { FrameHandle } from '../model/handles.js';
import type { NativeMapping, NativePlace } from '../model/types.js';
import type { ProfileBuilder } from './profile-builder.js';

/** Limit of a mapping from 0 whose addresses are those in the file itself, wherever it was loaded. */
const UNLIMITED = 2n ** 64n - 1n;

/** An integer of 64 bits: a number where it fits. */
type Uint64 = number | bigint;

/** A loaded file, as pprof and OTLP describe it. */
export interface RawMapping {
  readonly start: Uint64;
  readonly limit: Uint64;
  readonly fileOffset: Uint64;
  readonly path: string;
}

/** A function at a location, as pprof and OTLP describe it. Numbers are 0 when unknown. */
export interface RawLine {
  readonly name: string;
  readonly systemName: string;
  readonly file: string;
  readonly startLine: number;
  readonly line: number;
  readonly column: number;
}

/**
 * Returns the frames of a location, outermost first. There are several when functions were inlined. Code without symbols is
 * named by its address, in its file where that is known.
 *
 * @param lines innermost first
 */
export function codeFrames(
  builder: ProfileBuilder,
  address: Uint64,
  mapping: RawMapping | undefined,
  lines: readonly RawLine[],
): FrameHandle[] {
  const native = nativePlace(address, mapping);
  if (lines.length === 0) {
    if (native === undefined) return [builder.frame(`0x${address.toString(16)}`, '', 0)];
    return [builder.nativeFrame(addressName(native), native)];
  }
  // Inlined functions have the address of the function they were inlined into.
  const place = lines.length === 1 ? native : undefined;
  return lines.toReversed().map((line) => lineFrame(builder, line, place));
}

/** Returns the place of machine code. Undefined when the address cannot be one of a program. */
function nativePlace(address: Uint64, mapping: RawMapping | undefined): NativePlace | undefined {
  if (typeof address !== 'number' || address === 0) return undefined;
  return { address, mapping: mapping && nativeMapping(mapping, address) };
}

/** Returns a mapping. Undefined when it does not contain the address. */
function nativeMapping(mapping: RawMapping, address: number): NativeMapping | undefined {
  const { path, start, fileOffset } = mapping;
  const limit = mapping.limit === UNLIMITED && start === 0 && fileOffset === 0 ? Infinity : mapping.limit;
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof fileOffset !== 'number')
    return undefined;
  if (path === '' || address < start || address >= limit) return undefined;
  return { path, start, limit, ...(fileOffset !== 0 && { fileOffset }) };
}

function lineFrame(builder: ProfileBuilder, raw: RawLine, native: NativePlace | undefined): FrameHandle {
  const { systemName, file, startLine, column } = raw;
  const name = systemName === ANONYMOUS ? '' : raw.name || systemName;
  const line = raw.line || startLine;
  // A source position identifies the frame better than an address.
  if (native !== undefined && file === '' && line === 0 && column === 0)
    return builder.nativeFrame(name, native);
  return builder.frame(name, file, line, column, startLine);
}
