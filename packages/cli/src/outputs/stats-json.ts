import type {
  CaptureEnd,
  CaptureStats,
  LocationTotal,
  MemrayAnalyzer,
  MemrayHeader,
  ModuleTotal,
} from '@heapray/exporter/memray';

/** As memray calls them, by their number in the header. */
const PYTHON_ALLOCATORS = [
  '',
  'pymalloc',
  'pymalloc debug',
  'malloc',
  'unknown',
  'mimalloc',
  'mimalloc debug',
];
const NO_STACK = '<stack trace unavailable>';

/** A capture that was read with `stats`. */
export interface ReadCapture {
  readonly analyzer: MemrayAnalyzer;
  readonly end: CaptureEnd;
}

/**
 * The figures of a capture, with the keys that the memray of its format writes. An aggregated capture does not
 * say what was allocated in all: what depends on it is null.
 * @param rows how many places and modules
 */
export function statsJson({ analyzer, end }: ReadCapture, rows: number): unknown {
  const { header, complete, damage, rest } = end;
  const { bytes, count } = leaked(analyzer);
  return {
    ...(isAggregated(header) ? unknown(header) : known(header, analyzer.stats(rows))),
    metadata: metadata(header, analyzer),
    heapray: {
      peak_memory: analyzer.peakBytes,
      leaked_bytes: bytes,
      leaked_allocations: count,
      complete,
      ...(damage && { damage }),
      ...(rest && { rest }),
    },
  };
}

export function isAggregated({ fileFormat }: MemrayHeader): boolean {
  return fileFormat === 'AGGREGATED_ALLOCATIONS';
}

/** What was alive at the end. */
export function leaked(analyzer: MemrayAnalyzer): { readonly bytes: number; readonly count: number } {
  let bytes = 0;
  let count = 0;
  for (const record of analyzer.leaks()) {
    bytes += record.bytes;
    count += record.count;
  }
  return { bytes, count };
}

/** A place as memray writes it. */
export function locationText({ location }: LocationTotal): string {
  if (location === undefined || location.functionName === '<unknown>') return NO_STACK;
  return `${location.functionName}:${location.file}:${location.line}`;
}

function known(header: MemrayHeader, stats: CaptureStats): object {
  return {
    total_num_allocations: stats.allocations,
    total_bytes_allocated: stats.allocatedBytes,
    allocation_size_histogram: stats.sizes.map(({ minBytes, maxBytes, count }) => {
      return { min_bytes: minBytes, max_bytes: maxBytes, count };
    }),
    allocator_type_distribution: Object.fromEntries(stats.allocators),
    top_allocations_by_size: stats.locationsByBytes.map((total) => {
      return { location: locationText(total), size: total.bytes };
    }),
    top_allocations_by_count: stats.locationsByCount.map((total) => {
      return { location: locationText(total), count: total.count };
    }),
    ...(hasModules(header) && {
      top_modules_by_allocation_size: stats.modulesByBytes.map(moduleRow),
      top_modules_by_allocation_count: stats.modulesByCount.map(moduleRow),
    }),
  };
}

function unknown(header: MemrayHeader): object {
  return {
    total_num_allocations: null,
    total_bytes_allocated: null,
    allocation_size_histogram: null,
    allocator_type_distribution: null,
    top_allocations_by_size: null,
    top_allocations_by_count: null,
    ...(hasModules(header) && {
      top_modules_by_allocation_size: null,
      top_modules_by_allocation_count: null,
    }),
  };
}

/** Since memray 1.20. */
export function hasModules({ format }: MemrayHeader): boolean {
  return format === 13;
}

function moduleRow({ module, count, bytes }: ModuleTotal): object {
  return { module, num_allocations: count, total_bytes: bytes };
}

function metadata(header: MemrayHeader, analyzer: MemrayAnalyzer): object {
  return {
    start_time: pythonTime(header.startTimeMillis),
    end_time: pythonTime(header.endTimeMillis),
    // Counted; the header of an unfinished capture says 0.
    total_allocations: isAggregated(header) ? header.allocationCount : analyzer.events,
    total_frames: header.frameCount,
    peak_memory: analyzer.peakBytes,
    command_line: header.commandLine,
    pid: header.pid,
    main_thread_id: Number(header.mainThreadId),
    python_allocator: PYTHON_ALLOCATORS[header.pythonAllocator] || 'unknown',
    has_native_traces: header.nativeTraces,
    trace_python_allocators: header.pythonAllocatorsTraced,
    file_format: isAggregated(header) ? 1 : 0,
  };
}

/** As Python prints it: `2026-11-23 04:22:35.816000+00:00`; null for what no calendar has. */
function pythonTime(millis: number): string | null {
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) return null;
  const [day, time] = date.toISOString().split('T') as [string, string];
  const part = millis % 1000 === 0 ? '' : `${time.slice(8, 12)}000`;
  return `${day} ${time.slice(0, 8)}${part}+00:00`;
}
