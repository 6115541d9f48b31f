// Worker threads that come and go, ten a second, in every way a thread can end.
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { startApp } from './support/profiled-app.js';

peerTest('600 workers a minute neither end the process nor make a counter fall', 'project-bare', async () => {
  const app = startApp({ app: ['churning-workers.js'] });
  try {
    const counters = new Map<string, number>();
    const fallen: string[] = [];
    await pollUntil(
      async () => {
        if (app.process.end) return true;
        for (const { name, labels, value } of (await app.metrics()).samples) {
          if (!name.endsWith('_total')) continue;
          const series = `${name} ${JSON.stringify(labels)}`;
          const before = counters.get(series) ?? 0;
          if (value < before) fallen.push(`${series}: ${before} to ${value}`);
          counters.set(series, value);
        }
        return /60 workers have ended/.test(app.process.stdout);
      },
      { what: 'the end of all workers' },
    );
    expect(app.process.end, app.process.stderr).toBeUndefined();
    expect(fallen).toEqual([]);
    // The workers that have ended hold nothing; the one that has not is still profiled.
    await app.waitForMetrics('only the living worker', (page) => {
      const names = page.active('heapray_memory_retained', 'thread_name').filter((name) => name !== '');
      return names.length > 0 && names.every((name) => name === 'leak');
    });
    expect(app.process.stdout).not.toContain('the leak has ended');
    expect(app.process.stderr).not.toMatch(/heapray: (?:warn|error)/);
  } finally {
    await app.stop('SIGKILL');
  }
});
