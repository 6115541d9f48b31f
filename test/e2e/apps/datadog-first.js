// Preloaded before heapray: another profiler that is there first.
import { heap } from '@datadog/pprof';

heap.start(256 * 1024, 64);
globalThis.datadogHeap = heap;
