import v8 from 'node:v8';

/**
 * The resident memory of the process by kind, in bytes. `unexplained` is what is left, so the kinds always
 * add up to the resident set; it is negative when memory was reserved but not touched yet.
 */
export function residentByKind(): Readonly<Record<string, number>> {
  const { rss, external, arrayBuffers } = process.memoryUsage();
  const { total_physical_size: heap, malloced_memory: malloc } = v8.getHeapStatistics();
  // V8 counts array buffers as external memory too.
  const otherExternal = Math.max(0, external - arrayBuffers);
  return {
    heap,
    array_buffers: arrayBuffers,
    external: otherExternal,
    malloc,
    unexplained: rss - heap - arrayBuffers - otherExternal - malloc,
  };
}
