// Preloaded before heapray: another profiler, which has the sampler first.
import { heap } from '@datadog/pprof';

heap.start(256 * 1024, 64);
globalThis.datadogHeap = heap;
