// Captures are read on two threads only where the second one cannot abort the process.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { randomCapture } from '../../../exporter/test/memray/support/random-capture.js';
import { shell } from '../support/heapray.js';

/** Prints the number of started threads on stderr. */
const COUNTING = `
  let threads = 0;
  process.on('worker', () => (threads += 1));
  process.on('exit', () => process.stderr.write(String(threads)));
`;

let capture: string;
let preload: string;
beforeAll(() => {
  const folder = tempFolder();
  [capture, preload] = [`${folder}/long.bin`, `${folder}/counting.cjs`];
  // More events than make a command start a thread.
  writeFileSync(capture, randomCapture({ seed: 1, events: 50_000, format: 13 }).bytes);
  writeFileSync(preload, COUNTING);
});

test.runIf(process.platform === 'linux').each(['stats', 'top'])(
  '%s starts no thread when the address space is limited',
  async (command) => {
    const told = (limit: string) =>
      shell(`ulimit -v ${limit} && exec "$NODE" -r ${preload} "$MAIN" ${command} ${capture}`);
    const free = await told('unlimited');
    expect(free).toMatchObject({ status: 0, stderr: availableParallelism() > 1 ? '1' : '0' });
    // The limit in KiB. It is generous: with a second thread, only the number of threads would differ.
    expect(await told(String(2 ** 24))).toEqual({ ...free, stderr: '0' });
  },
);
