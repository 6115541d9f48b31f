/** All allocator names that memray knows. */
export type AllocatorName =
  | 'PYMALLOC_FREE'
  | 'PYMALLOC_MALLOC'
  | 'PYMALLOC_CALLOC'
  | 'PYMALLOC_REALLOC'
  | 'FREE'
  | 'MALLOC'
  | 'REALLOC'
  | 'CALLOC'
  | 'POSIX_MEMALIGN'
  | 'ALIGNED_ALLOC'
  | 'MEMALIGN'
  | 'VALLOC'
  | 'PVALLOC'
  | 'MMAP'
  | 'MUNMAP';

/**
 * How an allocator's records are matched: `simple` ones by exact address, `ranged` ones by the interval of bytes they
 * cover.
 */
export type AllocatorKind =
  | 'simple-allocator'
  | 'simple-deallocator'
  | 'ranged-allocator'
  | 'ranged-deallocator';

export interface AllocatorFacts {
  readonly name: AllocatorName;
  readonly kind: AllocatorKind;
  /** Number in formats 12 and 13. */
  readonly id: number;
  /** Number in format 11, which differs. */
  readonly id11: number;
}

function row(id: number, id11: number, name: AllocatorName, kind: AllocatorKind): AllocatorFacts {
  return { id, id11, name, kind };
}

/** All allocators, in the order of their numbers in formats 12 and 13, which start at 1. */
export const ALLOCATORS: readonly AllocatorFacts[] = [
  row(1, 15, 'PYMALLOC_FREE', 'simple-deallocator'),
  row(2, 12, 'PYMALLOC_MALLOC', 'simple-allocator'),
  row(3, 13, 'PYMALLOC_CALLOC', 'simple-allocator'),
  row(4, 14, 'PYMALLOC_REALLOC', 'simple-allocator'),
  row(5, 2, 'FREE', 'simple-deallocator'),
  row(6, 1, 'MALLOC', 'simple-allocator'),
  row(7, 4, 'REALLOC', 'simple-allocator'),
  row(8, 3, 'CALLOC', 'simple-allocator'),
  row(9, 5, 'POSIX_MEMALIGN', 'simple-allocator'),
  row(10, 6, 'ALIGNED_ALLOC', 'simple-allocator'),
  row(11, 7, 'MEMALIGN', 'simple-allocator'),
  row(12, 8, 'VALLOC', 'simple-allocator'),
  row(13, 9, 'PVALLOC', 'simple-allocator'),
  row(14, 10, 'MMAP', 'ranged-allocator'),
  row(15, 11, 'MUNMAP', 'ranged-deallocator'),
];

/** Number of allocator IDs in either numbering, including the unused 0. */
export const ALLOCATOR_ID_COUNT = 16;

/** Numbers that the code refers to. */
export const PYMALLOC_FREE = 1;
export const FREE = 5;
export const MALLOC = 6;
export const MMAP = 14;
export const MUNMAP = 15;

const idByName: ReadonlyMap<string, number> = new Map(ALLOCATORS.map(({ name, id }) => [name, id]));

/** Returns the number of `name` in formats 12 and 13, or `undefined` for a name that memray does not have. */
export function allocatorId(name: AllocatorName): number | undefined {
  return idByName.get(name);
}

/** Returns whether `id` (formats 12 and 13) frees memory: FREE, PYMALLOC_FREE, MUNMAP. */
export function isDeallocator(id: number): boolean {
  return id === FREE || id === PYMALLOC_FREE || id === MUNMAP;
}

/** Returns whether records of `id` (formats 12 and 13) have no size: FREE and PYMALLOC_FREE, but not MUNMAP. */
export function isSimpleDeallocator(id: number): boolean {
  return id === FREE || id === PYMALLOC_FREE;
}

function translation(from: 'id' | 'id11', to: 'id' | 'id11'): Uint8Array {
  const table = new Uint8Array(ALLOCATOR_ID_COUNT);
  for (const allocator of ALLOCATORS) table[allocator[from]] = allocator[to];
  return table;
}

/** Number in formats 12 and 13, by number in format 11. 0 maps to 0. */
export const ID_FROM_11: Readonly<Uint8Array> = translation('id11', 'id');

/** Number in format 11, by number in formats 12 and 13. 0 maps to 0. */
export const ID_TO_11: Readonly<Uint8Array> = translation('id', 'id11');
