import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type RunningProcess, startNode } from '../../../../../test/support/start-node.js';

const PROGRAM = fileURLToPath(new URL('../../programs/exit-guard.mjs', import.meta.url));

function start(scenario: string): RunningProcess {
  return startNode({ args: [PROGRAM, scenario] });
}

/** Starts the program and sends it a signal once it is ready. */
async function interrupted(scenario: string, signal: NodeJS.Signals = 'SIGTERM') {
  const program = start(scenario);
  await program.waitForOutput(/^ready$/m);
  const end = await program.stop(signal);
  return { ...end, said: program.stdout.trim().split('\n').slice(1) };
}

describe('a process that ends by itself', () => {
  test.each([
    ['natural', 0, ['ready', 'finished']],
    ['exit', 3, ['finished']],
    ['throws', 1, ['ready', 'finished']],
  ])('(%s) finishes once, with the status it would have had', async (scenario, status, said) => {
    const program = start(scenario);
    expect(await program.ended).toEqual({ status, signal: null });
    expect(program.stdout.trim().split('\n')).toEqual(said);
  });
});

describe('a signal without other listeners', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends the process after it has finished',
    async (signal) => {
      expect(await interrupted('waits', signal)).toEqual({ status: null, signal, said: ['finished'] });
    },
  );

  test('ends the process at once when nothing is being captured', async () => {
    expect(await interrupted('never')).toEqual({ status: null, signal: 'SIGTERM', said: [] });
    expect(await interrupted('unwatched')).toEqual({ status: null, signal: 'SIGTERM', said: [] });
  });
});

describe('a signal with a listener of the application', () => {
  test("is the application's decision, with the listener count as without heapray", async () => {
    expect(await interrupted('listener')).toEqual({ status: 7, signal: null, said: ['sees 1', 'finished'] });
  });

  test('ends the process when a library lets it, after the capture is finished', async () => {
    expect(await interrupted('counts')).toEqual({
      status: null,
      signal: 'SIGTERM',
      said: ['sees 1', 'finished'],
    });
  });

  test('is watched again each time the process survives', async () => {
    const program = start('survives');
    await program.waitForOutput(/^ready$/m);
    for (const left of [2, 1]) {
      process.kill(program.pid, 'SIGTERM');
      await program.waitForOutput(new RegExp(`^sees 1, ${left} left$`, 'm'));
      await program.waitForOutput(new RegExp(`^guarded by 2, ${left} left$`, 'm'));
    }
    expect(program.stdout).not.toContain('finished');
    expect(await program.stop('SIGTERM')).toEqual({ status: 0, signal: null });
    expect(program.stdout).toMatch(/^sees 1, 0 left\nfinished\n$/m);
  });

  test('is watched again when the application listened once', async () => {
    const program = start('once');
    await program.waitForOutput(/^ready$/m);
    process.kill(program.pid, 'SIGTERM');
    await program.waitForOutput(/^again$/m);
    expect(program.stdout).not.toContain('finished');
    expect(await program.stop('SIGTERM')).toEqual({ status: null, signal: 'SIGTERM' });
    expect(program.stdout).toMatch(/finished\n$/);
  });

  test('is not watched again when watching has stopped meanwhile', async () => {
    expect(await interrupted('stops')).toEqual({
      status: 0,
      signal: null,
      said: ['listeners 1', 'finished'],
    });
  });
});

test('a disposed guard leaves no listener', async () => {
  const program = start('disposed');
  expect(await program.ended).toEqual({ status: 0, signal: null });
  expect(program.stdout).toBe('listeners 0 0\nready\n');
});
