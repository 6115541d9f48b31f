// Messages of an instance before the application has set a logger for OpenTelemetry's diagnostics, as SDKs do
// later.
import { expect, test } from 'vitest';
import { runProgram } from '../support/profiled-program.js';

const WRONG =
  "HEAPRAY_GROUP_BY: 'x' is not allowed; use one of function, file, package, component; the default is used";

async function printed(when: string, env: Record<string, string> = {}) {
  const settings = { HEAPRAY_GROUP_BY: 'x', HEAPRAY_DEBUG_ADDR: 'off', ...env };
  const { status, stdout, stderr } = await runProgram({
    program: ['messages.mjs', when],
    env: settings,
    plain: true,
  });
  expect(status).toBe(0);
  return { stdout, stderr };
}

test.each(['logger-at-once', 'logger-later'])('go to the logger: %s', async (when) => {
  expect(await printed(when)).toEqual({ stdout: `error: heapray: ${WRONG}\n`, stderr: '' });
});

test('go to stderr when the process ends without a logger', async () => {
  expect(await printed('ends')).toEqual({ stdout: '', stderr: `heapray: error: ${WRONG}\n` });
});

test('go to stderr when no logger is set in time, and later messages do so at once', async () => {
  const { stdout, stderr } = await printed('stays');
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^heapray: error: HEAPRAY_GROUP_BY: .*\nheapray: error: setConfig is ignored: groupBy: .*\n$/,
  );
});

test('go nowhere when OTEL_LOG_LEVEL disables them', async () => {
  expect(await printed('ends', { OTEL_LOG_LEVEL: 'NONE' })).toEqual({ stdout: '', stderr: '' });
});
