import {
  type CaptureEnd,
  type CaptureSums,
  type CaptureWindow,
  type HeapRecord,
  MemrayAnalyzer,
  type MemrayHeader,
  type MemrayLocation,
} from '@heapray/exporter/memray';
import { CommandError } from '../errors.js';
import { NO_STACK } from '../text/place.js';
import { noteCut, openCapture, readCapture } from './memray.js';
import { mayUseThread } from './own-thread.js';
import { assertReadOnce, noteSameRuns, processNames } from './processes.js';
import { nameOf } from './read-bytes.js';

/** The figures of one capture for `stats`. */
export interface CaptureFigures {
  readonly file: string;
  /** Name that distinguishes it from the other captures of the command: usually its process ID. */
  readonly process: string;
  readonly end: CaptureEnd;
  readonly header: MemrayHeader;
  /** The part of the time that was considered, as a text; undefined for all of it. */
  readonly time: string | undefined;
  /** Number of allocations and deallocations, counted while reading: the header of an unfinished capture has 0. */
  readonly events: number;
  /** Sums of all allocations; undefined for an aggregated capture, which does not have them. */
  readonly sums: CaptureSums | undefined;
  readonly peakBytes: number;
  /** Allocations alive at the end. */
  readonly leaked: { readonly bytes: number; readonly count: number };
  /** Allocations alive at the peak and at the end, by location. Empty unless requested. */
  readonly sites: { readonly peak: SiteBytes; readonly leaked: SiteBytes };
}

/** Bytes by allocating location. */
export type SiteBytes = ReadonlyMap<string, number>;

/**
 * Reads captures, one after another.
 *
 * @param bySite whether to collect the bytes at the peak and at the end by location
 * @param window part of the time of each capture to consider. Default: all
 * @throws CommandError when a capture cannot be read, or is of a different kind than the first
 */
export async function readFigures(
  files: readonly string[],
  bySite: boolean,
  window?: CaptureWindow,
): Promise<readonly CaptureFigures[]> {
  assertReadOnce(files);
  const read: Omit<CaptureFigures, 'process'>[] = [];
  for (const file of files) {
    const figures = await figuresOf(file, bySite, window);
    if (read[0] !== undefined) assertSameKind(read[0], figures);
    read.push(figures);
  }
  noteSameRuns(read);
  const names = processNames(read);
  return read.map((figures, at) => ({ ...figures, process: names[at]! }));
}

export function isAggregated({ fileFormat }: MemrayHeader): boolean {
  return fileFormat === 'AGGREGATED_ALLOCATIONS';
}

/** Returns a location in memray's format. */
export function locationText(location: MemrayLocation | undefined): string {
  if (location === undefined || location.functionName === '<unknown>') return NO_STACK;
  return `${location.functionName}:${location.file}:${location.line}`;
}

async function figuresOf(
  file: string,
  bySite: boolean,
  window: CaptureWindow | undefined,
): Promise<Omit<CaptureFigures, 'process'>> {
  const analyzer = new MemrayAnalyzer({ stats: true, ownThread: mayUseThread(), window });
  const end = await readCapture(await openCapture(file), analyzer);
  noteCut(nameOf(file), analyzer.window);
  const { header } = end;
  const leaks = analyzer.leaks();
  return {
    file,
    end,
    header,
    time: analyzer.window?.text,
    // Aggregated captures have no events.
    events: isAggregated(header) ? header.allocationCount : analyzer.events,
    sums: isAggregated(header) ? undefined : analyzer.sums(),
    peakBytes: analyzer.peakBytes,
    leaked: {
      bytes: leaks.reduce((sum, { bytes }) => sum + bytes, 0),
      count: leaks.reduce((sum, { count }) => sum + count, 0),
    },
    sites: {
      peak: bySite ? bytesBySite(analyzer, analyzer.highWaterMark()) : new Map(),
      leaked: bySite ? bytesBySite(analyzer, leaks) : new Map(),
    },
  };
}

function bytesBySite(analyzer: MemrayAnalyzer, records: readonly HeapRecord[]): SiteBytes {
  const bytes = new Map<string, number>();
  for (const record of records) {
    const site = locationText(analyzer.location(record));
    bytes.set(site, (bytes.get(site) ?? 0) + record.bytes);
  }
  return bytes;
}

function assertSameKind(
  first: Pick<CaptureFigures, 'file' | 'header'>,
  other: Pick<CaptureFigures, 'file' | 'header'>,
): void {
  if (isAggregated(first.header) === isAggregated(other.header)) return;
  const kind = isAggregated(other.header)
    ? 'it is aggregated, and that is not'
    : 'that is aggregated, and it is not';
  throw new CommandError(`${nameOf(other.file)}: cannot be merged with ${nameOf(first.file)}: ${kind}`);
}
