import v8 from 'node:v8';
import type { BatchObservableResult } from '@opentelemetry/api';
import { residentBytes } from '../../protocol/memory-usage.js';
import type { ProfilerState } from '../../protocol/metric-points.js';
import { ObjectEntries } from '../../protocol/primordials.js';
import {
  ATTR_HEAP_GENERATION,
  ATTR_HEAP_SPACE,
  ATTR_HEAP_STATE,
  ATTR_LIMIT_KIND,
  ATTR_MEMORY_KIND,
} from '../../protocol/semconv.js';
import type { Instruments } from './instruments.js';
import { residentSplit } from './resident-memory.js';

/** Observes process-wide values, most of which only the main thread can read. */
export function observeProcess(
  result: BatchObservableResult,
  { own: { resident, limit }, conventions }: Instruments,
  profiler: ProfilerState | undefined,
): void {
  const { parts, heap } = residentSplit({
    profilerBytes: profiler?.memoryBytes,
    workerBytes: profiler?.workerBytes,
    kernel: profiler?.kernel,
  });
  for (const { generation, state, bytes } of heap) {
    const attributes = {
      [ATTR_MEMORY_KIND]: 'heap',
      [ATTR_HEAP_GENERATION]: generation,
      [ATTR_HEAP_STATE]: state,
    };
    result.observe(resident, bytes, attributes);
  }
  for (const [kind, bytes] of ObjectEntries<number>(parts)) {
    if (kind !== 'heap' && kind !== 'heap_free')
      result.observe(resident, bytes, { [ATTR_MEMORY_KIND]: kind });
  }
  result.observe(limit, v8.getHeapStatistics().heap_size_limit, { [ATTR_LIMIT_KIND]: 'heap' });
  if (conventions) observeConventions(result, conventions);
}

function observeConventions(
  result: BatchObservableResult,
  to: NonNullable<Instruments['conventions']>,
): void {
  result.observe(to.usage, residentBytes());
  for (const space of v8.getHeapSpaceStatistics()) {
    const attributes = { [ATTR_HEAP_SPACE]: space.space_name };
    result.observe(to.spaceSize, space.space_size, attributes);
    result.observe(to.spaceUsed, space.space_used_size, attributes);
    result.observe(to.spaceAvailable, space.space_available_size, attributes);
    result.observe(to.spacePhysical, space.physical_space_size, attributes);
  }
}
