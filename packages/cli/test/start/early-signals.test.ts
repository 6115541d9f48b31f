// Signals that arrive as early as possible: just when the command has printed, or started, what others wait for.
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray } from '../support/heapray.js';

/** Returns NODE_OPTIONS that run `code` in the command before anything else. */
function before(code: string): { NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

test('watch ends properly when a signal arrives while it prints its address', async () => {
  const env = before(`
    const write = process.stderr.write;
    process.stderr.write = function (text, ...rest) {
      const result = write.call(this, text, ...rest);
      if (String(text).includes('metrics on')) process.kill(process.pid, 'SIGTERM');
      return result;
    };`);
  const result = await heapray(['watch', tempFolder(), '--listen', '127.0.0.1:0'], { env });
  expect(result).toMatchObject({ status: 0, signal: null, stdout: '' });
  expect(result.stderr).toContain('metrics on');
});

test('run forwards a signal that arrives as soon as the program is started', async () => {
  const env = before(`
    import childProcess from 'node:child_process';
    import { syncBuiltinESMExports } from 'node:module';
    const { spawn } = childProcess;
    childProcess.spawn = (...args) => {
      const child = spawn(...args);
      process.kill(process.pid, 'SIGUSR2');
      return child;
    };
    syncBuiltinESMExports();`);
  const result = await heapray(['run', 'sleep', '60'], { env });
  expect(result).toMatchObject({ status: null, signal: 'SIGUSR2' });
});
