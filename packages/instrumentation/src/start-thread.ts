// Without `node:`, because webpack makes of `new Worker` with that prefix something that throws.
// biome-ignore lint/style/useNodejsImportProtocol: see above.
import { Worker, type WorkerOptions } from 'worker_threads';
import { contain } from './main-thread/containment/contain.js';
import { globalObject, SafeURL } from './protocol/primordials.js';

/** URL of the thread's file; undefined in a CommonJS bundle. */
const OWN_FILE = contain(
  () => new SafeURL('./heapray-thread.js', import.meta.url),
  () => {},
);

/**
 * Starts the profiler thread.
 *
 * @param file path of the file that it runs; undefined for the one that came with this code
 * @throws when a thread cannot be created, or, in a CommonJS bundle, when the URL of its file is unknown
 */
export function startThread(file: string | undefined, options: WorkerOptions): Worker {
  if (file !== undefined) return new Worker(file, options);
  // The application has replaced the `URL` class.
  if (OWN_FILE && globalObject.URL !== SafeURL) return new Worker(OWN_FILE, options);
  // Bundlers and file tracers recognize the needed file only in exactly this expression.
  // biome-ignore lint/style/noRestrictedGlobals: it is the original, see above.
  return new Worker(new URL('./heapray-thread.js', import.meta.url), options);
}
