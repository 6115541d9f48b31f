import { expect, test } from 'vitest';
import {
  isNodeCapture,
  MemrayWriter,
  profileFromMemray,
  RecordPrinter,
  RecordStream,
  SHORT_LIVED_FRAME,
} from '../../../src/memray/index.js';
import { topOf } from '../../../src/profile/index.js';
import { captureOf } from '../support/craft.js';
import { golden } from '../support/golden.js';

const FORMATS = [13, 12, 11] as const;

test.each(FORMATS)('recognizes a capture of format %d by a Node program', (format) => {
  const w = new MemrayWriter({ format, commandLine: '/usr/bin/node app.js', pid: 1, startTimeMillis: 1 });
  w.memoryRecord(1, 1);
  expect(isNodeCapture(headerOf(w.take()))).toBe(true);
});

test.each([
  ['node --inspect app.js', true],
  ['node', true],
  [
    '/opt/my node/bin/nodejs app.js (heapray: sampled every 8 KiB or more; sizes and counts are estimates)',
    true,
  ],
  ['/usr/bin/python -m memray run node.py', false],
  ['/usr/bin/memray run app.py node', false],
  ['airflow scheduler', false],
  ['', false],
])(
  'decides by the command line when there are no folders and the allocator is malloc: %s',
  (commandLine, isNode) => {
    const bytes = captureOf('02 01 00', { format: 12, commandLine, pythonAllocator: 3 });
    expect(isNodeCapture(headerOf(bytes))).toBe(isNode);
  },
);

test.each(['threads.v11.bin', 'threads.v12.bin', 'threads.v13.bin', 'aggregate.v11.bin'])(
  '%s is a Python capture',
  (name) => {
    expect(isNodeCapture(headerOf(golden(name).bytes))).toBe(false);
  },
);

test.each(FORMATS)('attributes estimated allocations to the calling function (format %d)', (format) => {
  const w = new MemrayWriter({ format, commandLine: 'node app.js', pid: 1, startTimeMillis: 1 });
  w.memoryRecord(1, 1);
  const caller = w.stack(undefined, w.frame('serve', '/srv/app.js', 3));
  w.allocation(1, 16, 500, w.stack(caller, w.frame(SHORT_LIVED_FRAME, '/srv/app.js', 0)));
  w.finish(1, 2);
  const rows = topOf(profileFromMemray([w.take()]), { column: 'alloc_space', groupBy: 'function' });
  expect(rows.map(({ name, file, flat }) => [name, file, flat])).toEqual([['serve', '/srv/app.js', 500]]);
});

function headerOf(bytes: Uint8Array) {
  const stream = new RecordStream(new RecordPrinter(() => {}));
  stream.push(bytes);
  stream.end();
  return stream.header!;
}
