import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { peerTest } from '../../../../test/support/peer-test.js';
import { lz4 } from '../../../../test/support/peers.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { Lz4FrameDecoder } from '../../src/wire/lz4-frame.js';
import { LZ4_BLOCK_BYTES, Lz4FrameEncoder } from '../../src/wire/lz4-frame-encoder.js';
import { golden } from '../memray/support/golden.js';
import { Random } from '../memray/support/random.js';
import { lz4Content } from './lz4-content.js';

function compressed(content: Uint8Array, size = LZ4_BLOCK_BYTES): Buffer {
  const encoder = new Lz4FrameEncoder();
  const pieces = [encoder.header()];
  for (let at = 0; at < content.length; at += size)
    pieces.push(encoder.block(content.subarray(at, at + size)).slice());
  pieces.push(encoder.end());
  return Buffer.concat(pieces);
}

function decompressed(frame: Uint8Array): Buffer {
  const out: Uint8Array[] = [];
  const decoder = new Lz4FrameDecoder((bytes) => out.push(bytes.slice()));
  decoder.push(frame);
  decoder.end();
  return Buffer.concat(out);
}

function noise(length: number): Uint8Array {
  const random = new Random(9);
  return Uint8Array.from({ length }, () => random.below(256));
}

const CONTENTS: readonly (readonly [string, Uint8Array])[] = [
  ['matches of all kinds', lz4Content()],
  ['zeros', new Uint8Array(3 * LZ4_BLOCK_BYTES + 1)],
  ['noise', noise(100_000)],
  ['a capture', golden('uncompressed.v13.bin').bytes],
  ['one byte', Uint8Array.of(7)],
  ['nothing', new Uint8Array()],
];

describe.each(CONTENTS)('%s', (_, content) => {
  test('is restored by our own reader', () => {
    for (const size of [LZ4_BLOCK_BYTES, 65_536, 1000]) {
      expect(decompressed(compressed(content, size)).equals(content)).toBe(true);
    }
  });

  peerTest('is restored by the lz4 program', 'lz4', async () => {
    const folder = tempFolder();
    const [frame, back] = [path.join(folder, 'a.lz4'), path.join(folder, 'a')];
    fs.writeFileSync(frame, compressed(content));
    const { status, stderr } = await runCommand(lz4(), ['-d', '-f', frame, back]);
    expect(status, stderr).toBe(0);
    expect(fs.readFileSync(back).equals(content)).toBe(true);
  });
});

test('restores every length up to a few matches, with runs at the end', () => {
  const pattern = noise(7);
  for (let length = 0; length < 200; length += 1) {
    const runs = new Uint8Array(length).fill(5);
    const repeated = Uint8Array.from({ length }, (_, at) => pattern[at % 7]!);
    for (const content of [runs, repeated, noise(length)]) {
      expect(decompressed(compressed(content)).equals(content)).toBe(true);
    }
  }
});

test('matches reach 65535 bytes back and no further', () => {
  for (const gap of [65_534, 65_535, 65_536, 70_000]) {
    const content = new Uint8Array(gap + 100);
    content.set(noise(40), 10);
    content.set(noise(40), gap + 10);
    expect(decompressed(compressed(content)).equals(content)).toBe(true);
  }
});

test('stores incompressible data', () => {
  expect(compressed(noise(100_000)).length).toBe(100_000 + 7 + 4 + 4);
  expect(compressed(new Uint8Array(1_000_000)).length).toBeLessThan(5000);
});
