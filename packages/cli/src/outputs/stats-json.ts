import type { CaptureStats, MemrayHeader, ModuleTotal } from '@heapray/exporter/memray';
import { type CaptureFigures, isAggregated, locationText } from '../inputs/capture-figures.js';
import type { CapturesSummary } from './captures-summary.js';

/** memray's names of Python allocators, by their number in the header. */
const PYTHON_ALLOCATORS = [
  '',
  'pymalloc',
  'pymalloc debug',
  'malloc',
  'unknown',
  'mimalloc',
  'mimalloc debug',
];

/**
 * Returns the figures of captures, with the keys of the memray version for their format. An aggregated capture has no
 * totals of all allocations, so figures that depend on them are null. Values that differ between captures are null too.
 */
export function statsJson(summary: CapturesSummary): unknown {
  const { captures, stats, peakBytes, peakMeaning, leaked } = summary;
  const { damage, rest } = captures[0]!.end;
  return {
    ...(stats === undefined ? unknown(summary) : known(summary, stats)),
    metadata: metadata(summary),
    heapray: {
      peak_memory: peakBytes,
      ...(peakMeaning !== undefined && { peak_memory_is: peakMeaning }),
      leaked_bytes: leaked.bytes,
      leaked_allocations: leaked.count,
      complete: captures.every(({ end }) => end.complete),
      ...(captures.some(({ time }) => time !== undefined) && { time: captures.map(({ time }) => time) }),
      ...(captures.length === 1
        ? { ...(damage && { damage }), ...(rest && { rest }) }
        : { processes: captures.map(processRow) }),
    },
  };
}

function processRow({ file, process, end, header, peakBytes, leaked }: CaptureFigures): object {
  const { complete, damage, rest } = end;
  return {
    process,
    file,
    pid: header.pid,
    command_line: header.commandLine,
    peak_memory: peakBytes,
    leaked_bytes: leaked.bytes,
    leaked_allocations: leaked.count,
    complete,
    ...(damage && { damage }),
    ...(rest && { rest }),
  };
}

function known({ hasModules }: CapturesSummary, stats: CaptureStats): object {
  return {
    total_num_allocations: stats.allocations,
    total_bytes_allocated: stats.allocatedBytes,
    allocation_size_histogram: stats.sizes.map(({ minBytes, maxBytes, count }) => {
      return { min_bytes: minBytes, max_bytes: maxBytes, count };
    }),
    allocator_type_distribution: Object.fromEntries(stats.allocators),
    top_allocations_by_size: stats.locationsByBytes.map((total) => {
      return { location: locationText(total.location), size: total.bytes };
    }),
    top_allocations_by_count: stats.locationsByCount.map((total) => {
      return { location: locationText(total.location), count: total.count };
    }),
    ...(hasModules && {
      top_modules_by_allocation_size: stats.modulesByBytes.map(moduleRow),
      top_modules_by_allocation_count: stats.modulesByCount.map(moduleRow),
    }),
  };
}

function unknown({ hasModules }: CapturesSummary): object {
  return {
    total_num_allocations: null,
    total_bytes_allocated: null,
    allocation_size_histogram: null,
    allocator_type_distribution: null,
    top_allocations_by_size: null,
    top_allocations_by_count: null,
    ...(hasModules && {
      top_modules_by_allocation_size: null,
      top_modules_by_allocation_count: null,
    }),
  };
}

function moduleRow({ module, count, bytes }: ModuleTotal): object {
  return { module, num_allocations: count, total_bytes: bytes };
}

function metadata({ captures, events, times, peakBytes }: CapturesSummary): object {
  const headers = captures.map(({ header }) => header);
  /** Returns the value that all captures share, or null. */
  const common = <T>(of: (header: MemrayHeader) => T): T | null => {
    const first = of(headers[0]!);
    return headers.every((header) => of(header) === first) ? first : null;
  };
  return {
    start_time: pythonTime(times.start),
    end_time: pythonTime(times.end),
    total_allocations: events,
    total_frames: headers.reduce((sum, { frameCount }) => sum + frameCount, 0),
    peak_memory: peakBytes,
    command_line: common(({ commandLine }) => commandLine),
    pid: common(({ pid }) => pid),
    main_thread_id: common(({ mainThreadId }) => Number(mainThreadId)),
    python_allocator: common(({ pythonAllocator }) => PYTHON_ALLOCATORS[pythonAllocator] || 'unknown'),
    has_native_traces: common(({ nativeTraces }) => nativeTraces),
    trace_python_allocators: common(({ pythonAllocatorsTraced }) => pythonAllocatorsTraced),
    file_format: common((header) => (isAggregated(header) ? 1 : 0)),
  };
}

/** Formats a time as Python does: `2026-11-23 04:22:35.816000+00:00`. Null for an invalid date. */
function pythonTime(millis: number): string | null {
  const date = new Date(millis);
  if (Number.isNaN(date.getTime())) return null;
  const [day, time] = date.toISOString().split('T') as [string, string];
  const part = millis % 1000 === 0 ? '' : `${time.slice(8, 12)}000`;
  return `${day} ${time.slice(0, 8)}${part}+00:00`;
}
