/** Root frame of memory that belongs to no call site, with one frame for each part below it. */
export const NO_CALL_SITE = '(no call site)';

/**
 * Names of frames that are not functions: V8's names for its state while no JavaScript was on the stack, and heapray's
 * for unknown origins.
 */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  [NO_CALL_SITE, 'the rest of the resident memory of the process, so that inuse_space adds up to all of it'],
  [
    '(heap: garbage not collected)',
    'the heap of V8 beyond what is in use: garbage, and objects that samples do not show',
  ],
  ['(heap: free but committed)', 'pages that V8 keeps for its heap, without objects'],
  ['(code)', 'compiled code'],
  ['(array buffers)', 'Buffers and other array buffers without a known call site'],
  ['(external)', 'large strings and other data that V8 keeps outside of its heap'],
  ['(malloc)', 'other memory of native code that is in use, at least'],
  [
    '(allocator retained)',
    'memory that malloc keeps after it was freed, at most: small blocks of native code are in it',
  ],
  ['(worker heaps)', 'heaps of worker threads without a known call site'],
  ['(profiler)', "the heap of heapray's own thread"],
  ['(thread stacks)', 'stacks of all threads'],
  ['(mapped files)', 'pages of the executable, libraries and other files'],
  ['(shared memory)', 'memory shared with other processes'],
  ['(unexplained)', 'memory that no counter explains; negative where estimates exceed what there is'],
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
