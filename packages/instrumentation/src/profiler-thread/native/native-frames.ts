import type { NativeMapping, NativePlace } from '@heapray/exporter/profile';
import { SymbolFiles } from '@heapray/exporter/symbols';

/** A frame of machine code. */
export interface NativeFrame {
  /** Name of the function with its file, `malloc (libc.so.6)`, or the address in the file, `0x9a1b2 libc.so.6`. */
  readonly name: string;
  /** Place of a frame without a known function. */
  readonly place: NativePlace | undefined;
  /** Path of the file; undefined for code that is made at run time. */
  readonly file: string | undefined;
}

/** Number of addresses whose names are kept. */
const MAX_FRAMES = 200_000;
/** Functions that only pass on what their callers want. */
const ALLOCATORS =
  /^(?:operator new(?:\[\])?|uv__(?:m|c|re)alloc|uv__reallocf|node::(?:Unchecked)?(?:M|C|Re)alloc\w*|_?_?(?:m|c|re)alloc|std::(?:__1::)?allocator::allocate|__gnu_cxx::new_allocator::allocate) \(/;

/** Names the frames of native stacks from the symbol tables of their files. */
export class NativeFrames {
  readonly #library: string;
  readonly #symbols = new SymbolFiles({ isRunning: true });
  readonly #known = new Map<number, NativeFrame>();

  /** @param library path of jemalloc, whose own frames are left out */
  constructor(library: string) {
    this.#library = library;
  }

  /**
   * Looks up stacks. Reads symbol tables, which takes some 100 ms for that of Node, if an address is new.
   *
   * @param mappings executable mappings, in ascending order
   */
  lookUp(stacks: Iterable<readonly number[]>, mappings: readonly NativeMapping[]): void {
    const places = new Map<number, NativePlace>();
    for (const addresses of stacks)
      for (const address of addresses)
        if (!this.#known.has(address)) places.set(address, placeOf(address, mappings));
    if (places.size === 0) return;
    if (this.#known.size + places.size > MAX_FRAMES) this.#known.clear();
    this.#symbols.lookUp([...places.values()]);
    for (const [address, place] of places) this.#known.set(address, this.#frame(place));
  }

  /**
   * Returns the frames of a stack that was looked up, the innermost first, without those of the allocator. Never
   * empty.
   */
  of(addresses: readonly number[]): readonly NativeFrame[] {
    const frames = addresses.map((address) => this.#known.get(address) ?? UNKNOWN);
    const first = frames.findIndex(({ file, name }) => file !== this.#library && !ALLOCATORS.test(name));
    if (first >= 0) return frames.slice(first);
    return frames.length > 0 ? frames.slice(-1) : [UNKNOWN];
  }

  #frame(place: NativePlace): NativeFrame {
    const { address, mapping } = place;
    const name = this.#symbols.nameOf(place);
    if (name !== undefined) return { name, place: undefined, file: mapping?.path };
    if (mapping === undefined) return CODE_AT_RUN_TIME;
    const inFile = address - mapping.start + (mapping.fileOffset ?? 0);
    const file = mapping.path.slice(mapping.path.lastIndexOf('/') + 1);
    return { name: `0x${inFile.toString(16)} ${file}`, place, file: mapping.path };
  }
}

/** Code without a file. All of it is one frame, because its addresses mean nothing to a reader. */
const CODE_AT_RUN_TIME: NativeFrame = { name: '(JIT)', place: undefined, file: undefined };
const UNKNOWN: NativeFrame = { name: '(native)', place: undefined, file: undefined };

/** Returns the place of a call, given the address to which it returns. */
function placeOf(returnAddress: number, mappings: readonly NativeMapping[]): NativePlace {
  // The call ends one byte before.
  const address = returnAddress - 1;
  let low = 0;
  let high = mappings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (mappings[middle]!.limit <= address) low = middle + 1;
    else high = middle;
  }
  const mapping = mappings[low];
  return { address, mapping: mapping !== undefined && mapping.start <= address ? mapping : undefined };
}
