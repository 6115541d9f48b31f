import { expect, test } from 'vitest';
import {
  ALLOCATORS,
  allocatorId,
  FREE,
  ID_FROM_11,
  ID_TO_11,
  isDeallocator,
  isSimpleDeallocator,
  MALLOC,
  MMAP,
  MUNMAP,
  PYMALLOC_FREE,
} from '../../../src/memray/format/allocators.js';

test('both numberings contain each number from 1 to 15 once', () => {
  const all = Array.from({ length: 15 }, (_, at) => at + 1);
  expect(ALLOCATORS.map(({ id }) => id)).toEqual(all);
  expect(ALLOCATORS.map(({ id11 }) => id11).sort((a, b) => a - b)).toEqual(all);
  for (const { id, id11 } of ALLOCATORS) {
    expect(ID_FROM_11[id11]).toBe(id);
    expect(ID_TO_11[id]).toBe(id11);
  }
});

test('constants agree with the table', () => {
  expect([PYMALLOC_FREE, FREE, MALLOC, MMAP, MUNMAP]).toEqual(
    (['PYMALLOC_FREE', 'FREE', 'MALLOC', 'MMAP', 'MUNMAP'] as const).map(allocatorId),
  );
});

test('kinds agree with the predicates', () => {
  for (const { id, kind } of ALLOCATORS) {
    expect(isDeallocator(id)).toBe(kind.endsWith('deallocator'));
    expect(isSimpleDeallocator(id)).toBe(kind === 'simple-deallocator');
  }
});
