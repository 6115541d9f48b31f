import { ControlWord } from '../../protocol/messages.js';
import { CollectionTime } from './collection-time.js';
import { ProfilerStats, threadCpuMillis } from './profiler-stats.js';
import { v8ThreadsClock } from './v8-threads.js';

/** Creates the statistics of this thread's costs. Call `close` on it at the end. */
export function connectStats(control: Int32Array): ProfilerStats {
  const own = new CollectionTime();
  let hostMillis = 0;
  return new ProfilerStats({
    thread: threadCpuMillis,
    v8Threads: v8ThreadsClock(),
    ownCollections: () => own.millis,
    hostCollections: () => {
      hostMillis += Atomics.exchange(control, ControlWord.collectionMicros, 0) / 1000;
      return hostMillis;
    },
    close: () => own.stop(),
  });
}
