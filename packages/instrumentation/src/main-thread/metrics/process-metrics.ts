import os from 'node:os';
import v8 from 'node:v8';
import type { BatchObservableResult } from '@opentelemetry/api';
import { residentBytes } from '../../protocol/memory-usage.js';
import { ObjectEntries, process } from '../../protocol/primordials.js';
import { ATTR_HEAP_SPACE, ATTR_LIMIT_KIND, ATTR_MEMORY_KIND } from '../../protocol/semconv.js';
import type { Instruments } from './instruments.js';
import { residentByKind } from './resident-memory.js';

/** Observes process-wide values, which do not depend on the profiler thread. */
export function observeProcess(
  result: BatchObservableResult,
  { own: { resident, limit }, conventions }: Instruments,
  profilerBytes: number | undefined,
): void {
  for (const [kind, bytes] of ObjectEntries(residentByKind(profilerBytes))) {
    result.observe(resident, bytes, { [ATTR_MEMORY_KIND]: kind });
  }
  result.observe(limit, v8.getHeapStatistics().heap_size_limit, { [ATTR_LIMIT_KIND]: 'heap' });
  const cgroup = process.constrainedMemory();
  // Without a limit, the system returns nothing or more than the total memory.
  if (cgroup > 0 && cgroup <= os.totalmem()) result.observe(limit, cgroup, { [ATTR_LIMIT_KIND]: 'cgroup' });
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
