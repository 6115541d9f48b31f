// Signals that come as early as they can: right when the command has said, or begun, what others wait for.
import { expect, test } from 'vitest';
import { tempFolder } from '../../../test/support/temp-folder.js';
import { heapray } from './support/heapray.js';

/** NODE_OPTIONS that run `code` in the command before anything else. */
function before(code: string): { NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

test('watch ends properly when it is ended while it says where it serves', async () => {
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

test('run passes on a signal that comes as soon as the program is started', async () => {
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
