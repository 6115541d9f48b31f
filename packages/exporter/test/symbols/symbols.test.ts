// Names of native frames from ELF symbol tables: correct ones or none, whatever the files contain.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type FrameRef,
  type NativeMapping,
  type Profile,
  ProfileBuilder,
  topOf,
  totals,
} from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { SymbolFiles } from '../../src/symbols/symbol-files.js';
import { symbolizeProfile } from '../../src/symbols/symbolize-profile.js';
import { type ElfParts, elfBytes } from './elf-bytes.js';

/** Address where the code of a library was loaded. */
const BASE = 0x7f00_0000_0000;

/** Writes a library named `libshop.so`. Returns its path. */
function library(parts: ElfParts | Uint8Array): string {
  const file = path.join(tempFolder(), 'libshop.so');
  writeFileSync(file, parts instanceof Uint8Array ? parts : elfBytes(parts));
  return file;
}

/** Returns a profile with one stack for each of these offsets in the code of a library. */
function profileOf(file: string, offsets: readonly number[], mapping: Partial<NativeMapping> = {}): Profile {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const code = { path: file, start: BASE, limit: BASE + 0x1000, fileOffset: 0x1000, ...mapping };
  for (const offset of offsets) {
    const place = { address: code.start + offset, mapping: code };
    builder.add(
      builder.stack(undefined, builder.nativeFrame(`0x${offset.toString(16)} libshop.so`, place)),
      [8],
    );
  }
  return builder.build();
}

function names(profile: Profile, files?: SymbolFiles): string[] {
  const named = symbolizeProfile(profile, {}, files);
  expect(totals(named)).toEqual(totals(profile));
  return Array.from({ length: named.frameCount }, (_, ref) => named.frame(ref as FrameRef).functionName);
}

const SHOP: ElfParts = {
  symbols: [
    { name: 'load', address: 0x1100, size: 0x80 },
    { name: 'Orders', address: 0x1180, size: 0x10, type: 1 },
    { name: 'elsewhere', address: 0x11c0, size: 0x40, section: 0 },
    { name: '__GI_pay', address: 0x1200, size: 0x40, isLocal: true },
    { name: '__pay', address: 0x1200, size: 0x40 },
    { name: 'pay@@SHOP_1.0', address: 0x1200, size: 0x40 },
    { name: 'outer', address: 0x1300, size: 0x100 },
    { name: 'inner', address: 0x1340, size: 0x10 },
    { name: 'sizeless', address: 0x1500, size: 0 },
  ],
};

describe('finds a function', () => {
  const file = library(SHOP);

  test.each([
    ['at its first byte', 0x100, 'load (libshop.so)'],
    ['at its last byte', 0x17f, 'load (libshop.so)'],
    ['but not after its end', 0x180, '0x180 libshop.so'],
    ['but not before its start', 0xff, '0xff libshop.so'],
    ['but not an object', 0x184, '0x184 libshop.so'],
    ['but not one of another file', 0x1c8, '0x1c8 libshop.so'],
    ['with its plainest name that is not local, without version', 0x210, 'pay (libshop.so)'],
    ['that is the innermost one', 0x348, 'inner (libshop.so)'],
    ['around another one, after its end', 0x350, 'outer (libshop.so)'],
    ['but not one without a size', 0x504, '0x504 libshop.so'],
  ])('%s', (_, offset, name) => {
    expect(names(profileOf(file, [offset]))).toEqual([name]);
  });

  test('all of them at once', () => {
    const offsets = [0x100, 0x110, 0x180, 0x210, 0x310, 0x348, 0x3ff, 0x400];
    const wanted = ['load', 'pay', 'outer', 'inner'].map((name) => `${name} (libshop.so)`);
    expect(names(profileOf(file, offsets)).sort()).toEqual(
      [...wanted, '0x180 libshop.so', '0x400 libshop.so'].sort(),
    );
  });

  test.each([false, true])('around another one, when both start before the first address: %s', (reversed) => {
    const symbols = [
      { name: 'outer', address: 0x1000, size: 0x100 },
      { name: 'middle', address: 0x1020, size: 0x60 },
      { name: 'hidden', address: 0x1024, size: 0x10 },
      { name: 'inner', address: 0x1028, size: 0x20 },
    ];
    const nested = library({ symbols: reversed ? symbols.reverse() : symbols });
    expect(names(profileOf(nested, [0x30, 0x50, 0x90, 0x100]))).toEqual([
      'inner (libshop.so)',
      'middle (libshop.so)',
      'outer (libshop.so)',
      '0x100 libshop.so',
    ]);
  });

  test('with the symbols for the loader', () => {
    expect(names(profileOf(library({ ...SHOP, tableType: 11 }), [0x100]))).toEqual(['load (libshop.so)']);
  });

  test('at an address of the file', () => {
    const inFile = { start: 0, limit: Number.POSITIVE_INFINITY, fileOffset: 0 };
    expect(names(profileOf(file, [0x1100, 0x9100], inFile))).toEqual([
      'load (libshop.so)',
      '0x9100 libshop.so',
    ]);
  });

  test('when code is loaded at a different offset than in the file', () => {
    const moved = library({ codeAddress: 0x5_0000, symbols: [{ name: 'far', address: 0x5_0100, size: 8 }] });
    expect(names(profileOf(moved, [0x100]))).toEqual(['far (libshop.so)']);
  });
});

describe('keeps frames unchanged', () => {
  const known = ['0x100 libshop.so'];

  test('of a file with a different layout from that in the profile', () => {
    expect(names(profileOf(library({ ...SHOP, codeBytes: 0x2001 }), [0x100]))).toEqual(known);
    expect(names(profileOf(library(SHOP), [0x100], { fileOffset: 0x2000 }))).toEqual(known);
  });

  test('of a missing file, a folder, a pipe, a device, and text', () => {
    const folder = tempFolder();
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const text = path.join(folder, 'text');
    writeFileSync(text, 'hello');
    for (const file of [path.join(folder, 'none'), folder, pipe, '/dev/zero', text]) {
      expect(names(profileOf(file, [0x100]))).toEqual(known);
    }
  });

  test('of every prefix of a file, and of a file with any byte changed, or finds the correct name', () => {
    const whole = elfBytes(SHOP);
    const file = library(whole);
    const profile = profileOf(file, [0x100, 0x348]);
    for (let at = 0; at < whole.length; at += 1) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0xff;
      for (const bytes of [whole.subarray(0, at), changed]) {
        writeFileSync(file, bytes);
        expect(names(profile)).toHaveLength(2);
      }
    }
  });

  test('of tables with the largest possible size', () => {
    const bytes = elfBytes(SHOP);
    const sectionsAt = Number(bytes.readBigUInt64LE(40));
    for (const field of [24, 32]) {
      const changed = Buffer.from(bytes);
      changed.fill(0xff, sectionsAt + 64 + field, sectionsAt + 64 + field + 8);
      names(profileOf(library(changed), [0x100]));
    }
  });
});

test('takes little time for many functions that all contain many addresses', () => {
  const symbols = Array.from({ length: 20_000 }, (_, at) => ({
    name: 'f',
    address: 0x1000 - (at % 7),
    size: 0x1000,
  }));
  const offsets = Array.from({ length: 4_000 }, (_, at) => at);
  const search = names(profileOf(library({ symbols }), offsets));
  expect(search).toContain('f (libshop.so)');
});

describe('symbols in a separate file', () => {
  const buildId = '0123456789abcdef0123456789abcdef01234567';
  const stripped = () => library({ buildId });
  const debugFile = (parts: ElfParts) => {
    const folder = tempFolder();
    mkdirSync(path.join(folder, '01'));
    writeFileSync(path.join(folder, '01', `${buildId.slice(2)}.debug`), elfBytes(parts));
    return new SymbolFiles({ debugFolder: folder });
  };

  test('are found by the build ID', () => {
    expect(names(profileOf(stripped(), [0x100]), debugFile({ ...SHOP, buildId }))).toEqual([
      'load (libshop.so)',
    ]);
  });

  test('are not used when the build ID differs', () => {
    const other = debugFile({ ...SHOP, buildId: buildId.replace('0', 'f') });
    expect(names(profileOf(stripped(), [0x100]), other)).toEqual(['0x100 libshop.so']);
  });
});

test('top by native function uses the innermost one of each stack', () => {
  const file = library(SHOP);
  const named = symbolizeProfile(profileOf(file, [0x100, 0x110, 0x210, 0x180]), { keepPlaces: true });
  const rows = topOf(named, { column: 'inuse_space', groupBy: 'native' });
  expect(rows.map(({ name, flat, cumulative }) => [name, flat, cumulative])).toEqual([
    ['load (libshop.so)', 16, 16],
    ['0x180 libshop.so', 8, 8],
    ['pay (libshop.so)', 8, 8],
  ]);
});
