import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { enterCode, leaveCode } from '../../src/attach/guard.js';

test('a guard that fails does not end the program, and closes the inspector once it can', () => {
  const program = `
    const inspector = require('node:inspector');
    inspector.open(0);
    ${enterCode('a test', true)};
    const { padStart } = String.prototype;
    let failures = 0;
    String.prototype.padStart = () => {
      if (++failures === 3) String.prototype.padStart = padStart;
      throw new Error('changed by the program');
    };
    ${leaveCode('a test')};
    const timer = setInterval(() => {
      if (inspector.url() !== undefined) return;
      clearInterval(timer);
      console.log('closed after', failures, 'failures');
    }, 20);`;
  const printed = execFileSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  expect(printed).toBe('closed after 3 failures\n');
});
