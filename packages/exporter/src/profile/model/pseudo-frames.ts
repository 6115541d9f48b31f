/**
 * Names of frames that are not functions: V8's names for its state while no JavaScript was on the stack, and heapray's
 * for unknown origins.
 */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  [
    '(V8 API)',
    'native code of Node or an add-on that made objects while no JavaScript ran, e.g. for incoming data',
  ],
  ['(EXTERNAL)', 'native code of Node or an add-on outside of V8, while no JavaScript ran'],
  ['(GC)', 'the garbage collector itself'],
  ['(PARSER)', 'V8 reading source code'],
  ['(COMPILER)', 'V8 optimizing functions'],
  ['(BYTECODE_COMPILER)', 'V8 compiling functions that are called for the first time'],
  ['(JS)', 'JavaScript whose stack V8 could not read'],
  ['(LOGGING)', 'V8 writing its own log'],
  ['(IDLE)', 'V8 while the event loop was idle'],
  ['(IDLE_EXTERNAL)', 'native code while the event loop was idle'],
  ['(ended threads)', 'allocated by worker threads that have ended'],
  ['(unobserved)', 'allocated and freed between two readings, without evidence of where'],
  ['(truncated)', 'outer frames of a stack deeper than the sampler looks'],
  ['(short-lived, estimated)', 'allocated and freed between two readings; the caller is estimated'],
  ['(pooled)', "a small Buffer in a slab of Node's pool; the slab is held as long as any Buffer in it"],
  [
    '(pool slab)',
    "small Buffers that are gone, whose memory is held because other Buffers are in the same slab of Node's pool",
  ],
  [
    '(unattributed off-heap)',
    'array buffers that no hook sees, e.g. received data, hashes, WebAssembly input, or made before profiling began',
  ],
  ['(uncollected off-heap)', 'Buffers that are likely to be garbage that is not collected yet'],
]);

/**
 * Returns the meaning of a frame name without a file, as a phrase. Undefined for a function. The most frequent one is
 * `(V8 API)`: objects that Node creates before it calls JavaScript.
 */
export function meaningOfPseudoFrame(functionName: string): string | undefined {
  return MEANINGS.get(functionName);
}
