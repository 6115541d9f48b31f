import type { MemoryMapping } from './memory-mappings.js';

/** Resident memory of the process without a file, by use of its mapping, in bytes. */
export interface MappedMemory {
  /** V8's heaps of all threads, and compiled code. */
  v8: number;
  /** Memory of `malloc` in which freed memory may stay: its heap and arenas, or all of it for another one than glibc's. */
  arenas: number;
  /** Other anonymous memory: mostly large blocks of glibc's `malloc`, which it returns when they are freed. */
  blocks: number;
  /** Stacks of all threads. */
  stacks: number;
  /** Pages of the executable and of libraries that were written to, and their zeroed data. */
  privateFile: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** V8 aligns its pages to this, and asks for addresses below `V8_LIMIT`; the kernel chooses higher ones for all others. */
const V8_ALIGNMENT = 256 * KIB;
const V8_LIMIT = 2 ** 46;
/** Alignment and reserved size of glibc's arenas. */
const ARENA_BYTES = 64 * MIB;
/** Allocators that replace that of glibc when they are loaded. */
const OTHER_ALLOCATOR = /jemalloc|tcmalloc|mimalloc/;
const GLIBC = /\/libc(?:\.so\.6|-2\.\d+\.so)$/;
const MAX_GUARD_BYTES = 64 * KIB;
const MIN_STACK_BYTES = 64 * KIB;
const MAX_STACK_BYTES = 16 * MIB;

/** Sums up mappings by use. They must be added in the order of their addresses. */
export class MappingSums {
  readonly #stackPointers: readonly number[];
  readonly #total: number | undefined;
  readonly #sums: MappedMemory = { v8: 0, arenas: 0, blocks: 0, stacks: 0, privateFile: 0 };
  #hasGlibc = false;
  #hasOtherAllocator = false;
  #previous: MemoryMapping | undefined;
  /** A mapping that is an arena if the next one is the rest of its reservation. */
  #candidate: MemoryMapping | undefined;

  /**
   * @param stackPointers addresses inside of stacks, as far as they are known
   * @param total all memory without a file, if it is known: saves counting that of V8, which has most mappings
   */
  constructor(stackPointers: readonly number[] = [], total?: number) {
    this.#stackPointers = stackPointers;
    this.#total = total;
  }

  add(mapping: MemoryMapping): void {
    this.#decide(mapping);
    const use = this.#useOf(mapping);
    if (use === undefined) this.#candidate = mapping;
    else if (use !== 'v8' || this.#total === undefined) this.#sums[use] += mapping.anonymous();
    this.#previous = mapping;
  }

  /** Returns the sums so far. Only of glibc's allocator is known where it keeps freed memory. */
  sums(): MappedMemory {
    this.#decide(undefined);
    const { arenas, blocks, stacks, privateFile, v8: counted } = this.#sums;
    const others = { stacks, privateFile, v8: counted };
    if (this.#total !== undefined)
      others.v8 = Math.max(0, this.#total - arenas - blocks - stacks - privateFile);
    if (this.#hasGlibc && !this.#hasOtherAllocator) return { ...others, arenas, blocks };
    return { ...others, arenas: arenas + blocks, blocks: 0 };
  }

  #decide(next: MemoryMapping | undefined): void {
    const candidate = this.#candidate;
    if (candidate === undefined) return;
    this.#candidate = undefined;
    const isRest = next?.start === candidate.end && next.permissions.startsWith('---') && next.name === '';
    const end = isRest ? next.end : candidate.end;
    this.#sums[end % ARENA_BYTES === 0 ? 'arenas' : 'blocks'] += candidate.anonymous();
  }

  /** Returns the use of a mapping; undefined if the next one decides. */
  #useOf(mapping: MemoryMapping): keyof MappedMemory | undefined {
    const { name, start, permissions } = mapping;
    if (name === '[heap]' || name.startsWith('[anon: glibc: malloc')) return 'arenas';
    if (name.startsWith('[stack') || name.startsWith('[anon: glibc: pthread stack')) return 'stacks';
    if (name !== '' && !name.startsWith('[anon')) {
      this.#hasGlibc ||= GLIBC.test(name);
      this.#hasOtherAllocator ||= OTHER_ALLOCATOR.test(name);
      return 'privateFile';
    }
    const previous = this.#previous?.end === start ? this.#previous : undefined;
    // Zeroed data lies behind the writable data of its file.
    if (previous?.name.startsWith('/') && previous.permissions.startsWith('rw')) return 'privateFile';
    const isAligned = start % V8_ALIGNMENT === 0;
    if (permissions[2] === 'x' || (isAligned && start < V8_LIMIT)) return 'v8';
    if (this.#isStack(mapping, previous)) return 'stacks';
    return start % ARENA_BYTES === 0 ? undefined : 'blocks';
  }

  #isStack({ start, end }: MemoryMapping, previous: MemoryMapping | undefined): boolean {
    const bytes = end - start;
    if (bytes < MIN_STACK_BYTES) return false;
    const hasGuard =
      previous?.permissions.startsWith('---') &&
      previous.name === '' &&
      previous.end - previous.start <= MAX_GUARD_BYTES;
    if (hasGuard && bytes <= MAX_STACK_BYTES) return true;
    // From glibc 2.42, guard pages have no mappings of their own, and neighbouring stacks are one mapping.
    const threads = this.#stackPointers.filter((pointer) => pointer >= start && pointer < end).length;
    return threads > 0 && bytes <= threads * MAX_STACK_BYTES;
  }
}
