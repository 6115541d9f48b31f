// Reads a capture in every way that the package offers.
import {
  FormatError,
  GrowingCapture,
  MEMRAY_FORMATS,
  MemrayAggregator,
  MemrayAnalyzer,
  MemrayConverter,
  MemrayProfiler,
  RecordPrinter,
  RecordStream,
} from '@heapray/exporter/memray';
import { encodePprof } from '@heapray/exporter/pprof';

/** Limits that are small enough that a file which exceeds them does not take hundreds of MiB. */
const LIMITS = { maxBytes: 2 ** 26, maxFrames: 2 ** 18, maxLive: 2 ** 18, maxTextBytes: 2 ** 24 };
const OPTIONS = { stats: true, limits: LIMITS };
/** Size of pieces in bytes; odd, so that records are cut at their borders. */
const PIECE = 997;
/** First byte of an LZ4 frame; a capture that is not compressed does not begin with it. */
const LZ4_FIRST_BYTE = 0x04;

interface Reader {
  push(bytes: Uint8Array): void;
  end(): unknown;
}

/**
 * Reads a capture in every way and requests all results; returns how often it was refused with the expected
 * error. Throws any other error.
 */
export function exercise(bytes: Uint8Array): number {
  const ways = [
    analyze,
    profile,
    print,
    grow,
    aggregate,
    ...MEMRAY_FORMATS.map((format) => (capture: Uint8Array) => convert(capture, format)),
  ];
  let refused = 0;
  for (const way of ways) {
    try {
      way(bytes);
    } catch (error) {
      if (!(error instanceof FormatError) || !/^[^\n]+$/.test(error.message)) throw error;
      refused += 1;
    }
  }
  return refused;
}

function read(reader: Reader, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += PIECE) reader.push(bytes.subarray(at, at + PIECE));
  reader.end();
}

function analyze(bytes: Uint8Array): void {
  const analyzer = new MemrayAnalyzer(OPTIONS);
  read(analyzer, bytes);
  for (const mergeThreads of [false, true]) {
    for (const records of [
      analyzer.highWaterMark({ mergeThreads }),
      analyzer.leaks({ mergeThreads }),
      analyzer.allocated({ mergeThreads }),
    ]) {
      for (const record of records.slice(0, 50)) {
        analyzer.locations(record);
        analyzer.nativeFrames(record);
      }
    }
  }
  analyzer.stats();
  analyzer.snapshots();
}

function profile(bytes: Uint8Array): void {
  const profiler = new MemrayProfiler({ limits: LIMITS, ownThread: true });
  read(profiler, bytes);
  const made = profiler.profile();
  try {
    encodePprof(made);
  } catch (error) {
    // A sum may exceed the 64 bits of pprof.
    if (!(error instanceof RangeError && error.message.endsWith('does not fit into 64 bits'))) throw error;
  }
}

function print(bytes: Uint8Array): void {
  read(new RecordStream(new RecordPrinter(() => {}), LIMITS), bytes);
}

/**
 * Reads a raw capture as `watch` does while it is written: reads the bytes so far without the zeros at their end, and reads
 * an incomplete record again later. The result must equal that of reading it at once, prepared for two threads.
 */
function grow(bytes: Uint8Array): void {
  const isRaw = bytes[0] !== LZ4_FIRST_BYTE;
  const capture = new GrowingCapture(LIMITS);
  for (let at = 0; at < bytes.length; at += PIECE) {
    const start = isRaw ? capture.rewind() : at;
    const end = Math.min(at + PIECE, bytes.length);
    capture.push(bytes.subarray(start, isRaw ? Math.max(start, endOfData(bytes, end)) : end));
  }
  capture.end();
  const whole = new MemrayAnalyzer({ limits: LIMITS, ownThread: true });
  read(whole, bytes);
  const [grown, once] = [capture, whole].map(({ events, liveBytes, peakBytes }) => [
    events,
    liveBytes,
    peakBytes,
  ]);
  if (`${grown}` !== `${once}`) throw new Error(`read while it grows it says ${grown}, at once ${once}`);
}

function endOfData(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at > 0 && bytes[at - 1] === 0) at -= 1;
  return at;
}

/** Aggregates a capture into one of the formats, also from a part of it; the result must be complete. */
function aggregate(bytes: Uint8Array): void {
  const format = MEMRAY_FORMATS[bytes.length % MEMRAY_FORMATS.length]!;
  const aggregator = new MemrayAggregator(format, { limits: LIMITS, maxSnapshots: 50 });
  const half = bytes.length >> 1;
  aggregator.push(bytes.subarray(0, half));
  const hasHeader = aggregator.header !== undefined;
  if (hasHeader) checkWhole(aggregator.encode(), format);
  for (let at = half; at < bytes.length; at += PIECE) aggregator.push(bytes.subarray(at, at + PIECE));
  aggregator.end();
  checkWhole(aggregator.encode(), format);
}

function checkWhole(pieces: Iterable<Uint8Array>, format: number): void {
  const analyzer = new MemrayAnalyzer();
  try {
    for (const piece of pieces) analyzer.push(piece);
    analyzer.end();
  } catch (cause) {
    throw new Error(`what was summed up in format ${format} is refused`, { cause });
  }
  const { complete, damage } = analyzer;
  if (!complete || damage !== undefined)
    throw new Error(`what was summed up in format ${format} is damaged: ${damage?.reason ?? 'no trailer'}`);
}

/** Converts a capture; the result must be a capture again, if there is anything in it. */
function convert(bytes: Uint8Array, format: (typeof MEMRAY_FORMATS)[number]): void {
  const converter = new MemrayConverter(format, { limits: LIMITS });
  read(converter, bytes);
  const converted = converter.take();
  const analyzer = new MemrayAnalyzer();
  try {
    read(analyzer, converted);
  } catch (cause) {
    throw new Error(`what was converted to format ${format} is refused`, { cause });
  }
  // A capture that ends between an image and its segments ends there even if a trailer follows.
  const { damage } = analyzer;
  if (damage !== undefined && damage.reason !== 'a segment is missing')
    throw new Error(`what was converted to format ${format} is damaged: ${damage.reason}`);
}
