import type { ByteWriter } from '../../wire/byte-writer.js';
import { MAGIC, type MemrayHeader } from '../format/header.js';
import { wideWord } from './write-numbers.js';

/** Writes the header. Its strings must be clean: no NUL inside, and no empty path in a list. */
export function writeHeader(out: ByteWriter, header: MemrayHeader): void {
  const { format } = header;
  out.bytes(Uint8Array.from(MAGIC));
  out.reserve(64);
  out.u32(format);
  if (format !== 11) out.u32(header.pythonVersion);
  out.u8(header.nativeTraces ? 1 : 0);
  out.u8(header.fileFormat === 'AGGREGATED_ALLOCATIONS' ? 1 : 0);
  out.u64(header.allocationCount);
  out.u64(header.frameCount);
  out.u64(header.startTimeMillis);
  out.u64(header.endTimeMillis);
  writeString(out, header.commandLine);
  out.reserve(32);
  out.u32(header.pid);
  wideWord(out, Number(header.mainThreadId >> 32n), Number(header.mainThreadId & 0xffff_ffffn));
  out.u64(header.skippedFrames);
  out.u8(header.pythonAllocator);
  out.u8(header.pythonAllocatorsTraced ? 1 : 0);
  if (format === 11) return;
  out.u8(header.objectLifetimes ? 1 : 0);
  if (format === 12) return;
  writeString(out, header.libdest);
  writeStrings(out, header.sitePackages);
  writeStrings(out, header.sysPath);
}

/** Writes a string as UTF-8 and a NUL. */
export function writeString(out: ByteWriter, text: string): void {
  out.text(text);
  out.reserve(1);
  out.u8(0);
}

/** Writes strings one after another; an empty one ends the list. */
function writeStrings(out: ByteWriter, texts: readonly string[]): void {
  for (const text of texts) writeString(out, text);
  writeString(out, '');
}
