// Without `node:`, because webpack makes of `new Worker` with that prefix something that throws.
// biome-ignore lint/style/useNodejsImportProtocol: see above.
import { Worker, type WorkerOptions } from 'worker_threads';
import { contain } from './containment/contain.js';
import { globalObject, SafeURL } from './containment/primordials.js';

/** Undefined in a CommonJS bundle. */
const OWN_FILE = contain(
  () => new SafeURL('./heapray-thread.js', import.meta.url),
  () => {},
);

/**
 * Starts the profiler thread.
 *
 * @param file path of the file that it runs; undefined for the one that came with this code
 * @throws when there can be no thread, or, in a CommonJS bundle, when its file cannot be named
 */
export function startThread(file: string | undefined, options: WorkerOptions): Worker {
  if (file !== undefined) return new Worker(file, options);
  // The application has replaced the class.
  if (OWN_FILE && globalObject.URL !== SafeURL) return new Worker(OWN_FILE, options);
  // Exactly this expression tells bundlers and file tracers that the file is needed.
  // biome-ignore lint/style/noRestrictedGlobals: it is the original, see above.
  return new Worker(new URL('./heapray-thread.js', import.meta.url), options);
}
