// Whatever is wrong with the configuration, the machine or the package, the application starts and ends as
// without heapray, with one line of heapray's.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../../test/support/peer-test.js';
import type { NodeLine } from '../../../../../test/support/peers.js';
import { startProcess } from '../../../../../test/support/start-node.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { linesOf, programCommand, runProgram } from '../../support/profiled-program.js';

const LINES: readonly NodeLine[] = ['22', '24', '26'];
const program = ['working.mjs'];
/** Its main module has no imports that wait for others, which alone would exceed the smallest stack. */
const simple = ['simple.mjs'];
const limited = (limit: string) => ['sh', '-c', `ulimit -c 0; ulimit ${limit}; exec "$@"`, 'sh'];

for (const line of LINES) {
  describeWithPeer(`Node ${line}`, `node-${line}`, () => {
    const HARD: readonly { what: string; prefix?: string[]; nodeArgs?: string[] }[] = [
      { what: 'few descriptors', prefix: limited('-n 24') },
      { what: 'a small stack', nodeArgs: ['--stack-size=60'] },
      { what: 'few addresses', prefix: limited('-v 1800000') },
    ];
    test.skipIf(process.platform !== 'linux').each(HARD)('starts with $what, unprofiled', async (hard) => {
      const result = await runProgram({ program: simple, line, ...hard });
      expect(result).toMatchObject({ status: 7, stdout: 'done\n' });
      expect(linesOf(result)).toEqual([expect.stringContaining('memory is not profiled')]);
    });
  });
}

describe('a wrong value', () => {
  test('is reported in one line, and the default is used', async () => {
    const until = join(tempFolder(), 'until');
    const env = { HEAPRAY_LEAK_WINDOW: 'a minute', WORK_UNTIL: until };
    const { command, args, options } = programCommand({ program, env });
    const running = startProcess(command, { args, ...options });
    await running.waitForOutput(/memory profiles on/);
    writeFileSync(until, '');
    const result = { ...(await running.ended), stdout: running.stdout, stderr: running.stderr };
    expect(result).toMatchObject({ status: 7, stdout: 'done\n' });
    const lines = linesOf(result);
    expect(lines[0]).toMatch(
      /^heapray: error: HEAPRAY_LEAK_WINDOW: 'a minute' is not allowed; use an integer .*; the default is used$/,
    );
    expect(lines.filter((one) => one.includes('error'))).toHaveLength(1);
  });

  test.skipIf(process.platform === 'win32')('may be a file without an end, or a pipe', async () => {
    const pipe = join(mkdtempSync(join(tempFolder(), 'pipe-')), 'config');
    execFileSync('mkfifo', [pipe]);
    for (const file of ['/dev/zero', pipe]) {
      const result = await runProgram({ program, env: { HEAPRAY_CONFIG: file } });
      expect(result).toMatchObject({ status: 7, stdout: 'done\n' });
      expect(linesOf(result)[0]).toContain(`HEAPRAY_CONFIG: '${file}' is not allowed`);
    }
  });
});
