import { CollectionTime } from './collection-time.js';
import { ControlWord } from './messages.js';
import { SelfAccount, threadCpuMillis } from './self-account.js';
import { v8ThreadsClock } from './v8-threads.js';

/** Creates the account of this thread's costs. Call `close` on it at the end. */
export function connectAccount(control: Int32Array): SelfAccount {
  const own = new CollectionTime();
  let hostMillis = 0;
  return new SelfAccount({
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
