import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MappingTree } from '../../../src/memray/heap/mapping-tree.js';
import { DEFAULT_LIMITS } from '../../../src/memray/index.js';

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly payload: number;
}

const range = fc.record({ map: fc.boolean(), start: fc.nat(100), length: fc.nat(40) });

test('agrees with a list of intervals', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 200, size: 'max' }), (ranges) => {
      const tree = new MappingTree(DEFAULT_LIMITS);
      let pieces: Piece[] = [];
      ranges.forEach(({ map, start, length }, payload) => {
        const end = start + length;
        if (map) {
          tree.add(start, end, payload + 1);
          if (length > 0) pieces.push({ start, end, payload: payload + 1 });
          return;
        }
        const expected = new Map<number, { bytes: number; pieces: number }>();
        pieces = pieces.flatMap((piece) => {
          const low = Math.max(piece.start, start);
          const high = Math.min(piece.end, end);
          if (high <= low) return [piece];
          const left = [
            { ...piece, end: low },
            { ...piece, start: high },
          ].filter((part) => part.end > part.start);
          const change = expected.get(piece.payload) ?? { bytes: 0, pieces: 0 };
          expected.set(piece.payload, {
            bytes: change.bytes + high - low,
            pieces: change.pieces + left.length - 1,
          });
          return left;
        });
        const seen = new Map<number, { bytes: number; pieces: number }>();
        tree.remove(start, end, (owner, bytes, delta) => {
          const change = seen.get(owner) ?? { bytes: 0, pieces: 0 };
          seen.set(owner, { bytes: change.bytes + bytes, pieces: change.pieces + delta });
        });
        expect(new Map([...seen].sort())).toEqual(new Map([...expected].sort()));
      });
      const left: string[] = [];
      tree.forEach((payload, size) => {
        left.push(`${payload},${size}`);
      });
      expect(left.sort()).toEqual(
        pieces.map((piece) => `${piece.payload},${piece.end - piece.start}`).sort(),
      );
      expect(tree.size).toBe(pieces.length);
    }),
    { numRuns: 100 },
  );
});

test('is fast with many mappings', () => {
  const tree = new MappingTree(DEFAULT_LIMITS);
  for (let at = 0; at < 200_000; at += 1) tree.add(at * 8192, at * 8192 + 4096, 1);
  let bytes = 0;
  for (let at = 0; at < 200_000; at += 1) {
    tree.remove(at * 8192 + 1024, at * 8192 + 2048, (_, gone) => {
      bytes += gone;
    });
  }
  expect(bytes).toBe(200_000 * 1024);
  expect(tree.size).toBe(400_000);
});

test('throws beyond the limit', () => {
  const tree = new MappingTree({ ...DEFAULT_LIMITS, maxLive: 1 });
  tree.add(0, 100, 1);
  expect(() => tree.remove(10, 20, () => {})).toThrow('more than 1 mappings alive at once (maxLive)');
});

test('throws for endless overlapping instead of looping forever', () => {
  const tree = new MappingTree(DEFAULT_LIMITS);
  const many = 5000;
  for (let at = 0; at < many; at += 1) tree.add(0, 2 ** 40, 1);
  expect(() => {
    for (let at = 1; at < 2 ** 40; at += 1) tree.remove(2 ** 40 - at, 2 ** 40, () => {});
  }).toThrow('its mappings overlap too often');
});
