// Rewrites golden captures in other formats. The memray of that format must make all its reports.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { MemrayConverter } from '../../../src/memray/convert/convert-memray.js';
import { MEMRAY_FORMATS, type MemrayFormat } from '../../../src/memray/index.js';
import { formatOf, golden, goldenNames } from '../support/golden.js';
import { MEMRAY_OF, runPython } from '../support/oracle.js';

const SCRIPT = fileURLToPath(new URL('reports.py', import.meta.url));

interface Reports {
  readonly made: readonly string[];
  readonly wrong: readonly unknown[];
}

/** Limit for the files of one test, so that a slow machine finishes in time. */
const FILES_AT_ONCE = 4;

function parts(names: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(names.length / FILES_AT_ONCE);
  return Array.from({ length: count }, (_, at) => names.filter((_name, index) => index % count === at));
}

/** Number of reports in the script, and the ones that a version of memray does not have. */
const ALL = 19;
const MISSING: Readonly<Record<MemrayFormat, readonly string[]>> = {
  13: [],
  12: ['table -f --split-threads', 'transform speedscope -f'],
  11: ['table -f --split-threads', 'transform speedscope -f'],
};

/** Returns the captures to rewrite in a format: all, but of those with native frames only one, because memray resolves each frame. */
function namesFor(format: MemrayFormat): readonly string[] {
  const NEXT: Readonly<Record<number, MemrayFormat>> = { 11: 12, 12: 13, 13: 11 };
  const isNative = (name: string) => name.startsWith('native');
  return goldenNames().filter((name) => !isNative(name) || NEXT[formatOf(name)] === format);
}

function writeConverted(folder: string, name: string, format: MemrayFormat): string {
  const converter = new MemrayConverter(format);
  converter.push(golden(name).bytes);
  converter.end();
  const whole = Buffer.from(converter.take());
  for (const { offset, bytes } of converter.headerPatches()) whole.set(bytes, offset);
  const file = path.join(folder, path.basename(name));
  writeFileSync(file, whole);
  return file;
}

test('has golden captures', () => {
  expect(goldenNames().length).toBeGreaterThan(30);
});

describe.each(MEMRAY_FORMATS)('as format %d', (format) => {
  describeWithPeer('memray makes its reports', `memray-${MEMRAY_OF[format]}`, () => {
    test.each(parts(namesFor(format)).map((names) => [names]))('makes all reports of %s', async (names) => {
      const folder = tempFolder();
      const files = names.map((name) => writeConverted(folder, name, format));
      const { made, wrong } = JSON.parse(await runPython(format, [SCRIPT, folder, ...files])) as Reports;
      expect(wrong).toEqual([]);
      expect(MISSING[format].filter((report) => made.includes(report))).toEqual([]);
      expect(made).toHaveLength(ALL - MISSING[format].length);
    });
  });
});
