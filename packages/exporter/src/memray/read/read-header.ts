import type { ByteReader } from '../../wire/byte-reader.js';
import { FormatError } from '../../wire/errors.js';
import { MAGIC, type MemrayHeader } from '../format/header.js';
import { MEMRAY_FORMATS, type MemrayFormat } from '../format/memray-format.js';

/**
 * Reads the header. Returns `undefined`, and reads nothing, when it is incomplete.
 *
 * @throws FormatError when this is not the header of a supported capture
 */
export function readHeader(reader: ByteReader): MemrayHeader | undefined {
  const start = reader.position;
  const format = readFormat(reader);
  const header = format === undefined ? undefined : readFields(reader, format);
  if (header !== undefined && !reader.overrun) return header;
  reader.position = start;
  return undefined;
}

function readFormat(reader: ByteReader): MemrayFormat | undefined {
  for (const byte of MAGIC) {
    if (reader.available === 0) return undefined;
    if (reader.u8() !== byte) throw new FormatError('memray', 'not a memray capture', 0);
  }
  const version = reader.i32();
  if (reader.overrun) return undefined;
  const format = MEMRAY_FORMATS.find((known) => known === version);
  if (format !== undefined) return format;
  const known = MEMRAY_FORMATS.join(', ');
  throw new FormatError('memray', `capture format ${version} is not supported (${known} are)`, MAGIC.length);
}

function readFields(reader: ByteReader, format: MemrayFormat): MemrayHeader {
  return {
    format,
    pythonVersion: format === 11 ? 0 : reader.u32(),
    nativeTraces: reader.u8() !== 0,
    fileFormat: readFileFormat(reader),
    allocationCount: reader.u64(),
    frameCount: reader.u64(),
    startTimeMillis: reader.i64(),
    endTimeMillis: reader.i64(),
    commandLine: reader.text(),
    pid: reader.i32(),
    mainThreadId: readThreadId(reader),
    skippedFrames: reader.u64(),
    pythonAllocator: reader.u8(),
    pythonAllocatorsTraced: reader.u8() !== 0,
    objectLifetimes: format !== 11 && reader.u8() !== 0,
    libdest: format === 13 ? reader.text() : '',
    sitePackages: format === 13 ? readTexts(reader) : [],
    sysPath: format === 13 ? readTexts(reader) : [],
  };
}

function readThreadId(reader: ByteReader): bigint {
  reader.u64();
  return (BigInt(reader.high) << 32n) | BigInt(reader.low);
}

function readFileFormat(reader: ByteReader): MemrayHeader['fileFormat'] {
  const value = reader.u8();
  if (value > 1) throw new FormatError('memray', `unknown kind of capture ${value}`, reader.offset - 1);
  return value === 0 ? 'ALL_ALLOCATIONS' : 'AGGREGATED_ALLOCATIONS';
}

/** Reads strings up to an empty one. */
function readTexts(reader: ByteReader): readonly string[] {
  const texts: string[] = [];
  for (let text = reader.text(); text !== ''; text = reader.text()) texts.push(text);
  return texts;
}
