import { describe, expect, test, vi } from 'vitest';
import { PollQueue } from '../../../src/profiler-thread/polling/poll-queue.js';

describe('a queue of polls', () => {
  test('runs one at a time, in order, also behind one that fails', async () => {
    const queue = new PollQueue();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (name === 'b') throw new Error('refused');
      return name;
    };
    const [a, b, c] = await Promise.allSettled(['a', 'b', 'c'].map((name) => queue.run(work(name))));
    expect([a, c]).toMatchObject([{ value: 'a' }, { value: 'c' }]);
    expect(b).toMatchObject({ reason: { message: 'refused' } });
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  test('pauses in a pair for the whole time if nothing is urgent', async () => {
    vi.useFakeTimers();
    try {
      const queue = new PollQueue();
      const pair = queue.run(() => queue.pause(40));
      await vi.advanceTimersByTimeAsync(39);
      expect(queue.isPausing).toBe(true);
      await vi.advanceTimersByTimeAsync(1);
      expect(await pair).toBe(true);
      expect(queue.isPausing).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  test('ends the pause for urgent work, which waits for the rest of the pair', async () => {
    const queue = new PollQueue();
    const seen: string[] = [];
    const pair = queue.run(async () => {
      seen.push((await queue.pause(60_000)) ? 'undisturbed' : 'disturbed');
    });
    await vi.waitFor(() => expect(queue.isPausing).toBe(true));
    await queue.runSoon(async () => void seen.push('urgent'));
    await pair;
    expect(seen).toEqual(['disturbed', 'urgent']);
  });

  test('does not pause while urgent work waits for its turn', async () => {
    const queue = new PollQueue();
    const pair = queue.run(() => queue.pause(60_000));
    const urgent = queue.runSoon(() => queue.pause(1));
    expect(await Promise.all([pair, urgent])).toEqual([false, true]);
  });
});
