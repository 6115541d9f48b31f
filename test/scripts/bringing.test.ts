// How peers are brought: temporary failures, interrupted and incomplete installations.
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.js';
import { script } from './script.js';

interface Retry {
  withRetries<T>(what: string, work: () => Promise<T>, pauses?: readonly number[]): Promise<T>;
}
interface RunCommand {
  run(command: string, args: readonly string[], options?: { timeoutMillis?: number }): Promise<string>;
}
interface StampedFolder {
  makeFolder(
    folder: string,
    key: string,
    make: (folder: string) => unknown,
    pauses?: readonly number[],
  ): Promise<void>;
  markIncomplete(folder: string): void;
}

const { withRetries } = await script<Retry>('retry.mjs');
const { run } = await script<RunCommand>('run-command.mjs');
const { makeFolder, markIncomplete } = await script<StampedFolder>('stamped-folder.mjs');

/** Returns work that fails `times` times and then returns the number of its call. */
function failing(times: number) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw new Error(`failure ${calls}`);
    return calls;
  };
}

describe('withRetries', () => {
  test('succeeds after temporary failures', async () => {
    expect(await withRetries('it', failing(2), [1, 1])).toBe(3);
  });

  test('throws the last failure', async () => {
    await expect(withRetries('it', failing(9), [1, 1])).rejects.toThrow('failure 3');
  });

  test('does not retry a missing program', async () => {
    let calls = 0;
    const work = () => {
      calls += 1;
      return run('/nowhere/apt-get', []);
    };
    await expect(withRetries('it', work, [1, 1])).rejects.toThrow('ENOENT');
    expect(calls).toBe(1);
  });
});

test('a command that exceeds its time is killed, and the error says so', async () => {
  const running = run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMillis: 50 });
  await expect(running).rejects.toThrow(/ended with SIGKILL \(not done after 0.05 s\)$/);
});

describe('a folder that is made once', () => {
  test('is made again after each failure, and after an interrupted change', async () => {
    const folder = path.join(tempFolder(), 'peer');
    let made = 0;
    const make = () => {
      made += 1;
      expect(existsSync(path.join(folder, 'half'))).toBe(false);
      writeFileSync(path.join(folder, 'half'), '');
      if (made === 1) throw new Error('connection reset');
    };
    await makeFolder(folder, 'key', make, [1]);
    await makeFolder(folder, 'key', make, [1]);
    expect(made).toBe(2);
    markIncomplete(folder);
    await makeFolder(folder, 'key', make, [1]);
    expect(made).toBe(3);
  });
});

describe('missing optional packages', () => {
  const here = { optional: true, os: [process.platform], cpu: [process.arch] };
  const packages = {
    '': { optionalDependencies: { native: '1' } },
    'node_modules/tool': {
      optionalDependencies: { 'tool-here': '1', 'tool-there': '1', 'tool-not-here': '1' },
    },
    'node_modules/native': { optional: true },
    'node_modules/of-native': { optional: true },
    'node_modules/tool-here': here,
    'node_modules/tool/node_modules/tool-here': here,
    'node_modules/tool-there': { ...here, cpu: ['z80'] },
    'node_modules/tool-not-here': { ...here, os: [`!${process.platform}`] },
    'node_modules/another': here,
  };

  async function missing(...installed: readonly string[]): Promise<readonly string[]> {
    const { missingPackages } = await script<{ missingPackages(folder: string): string[] }>('installed.mjs');
    const folder = tempFolder();
    writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages }));
    for (const name of installed) {
      mkdirSync(path.join(folder, name), { recursive: true });
      writeFileSync(path.join(folder, name, 'package.json'), '{}');
    }
    return missingPackages(folder);
  }

  test('include only those for this machine', async () => {
    const wanted = [
      'node_modules/native',
      'node_modules/tool-here',
      'node_modules/tool/node_modules/tool-here',
    ];
    expect(await missing()).toEqual(wanted);
    expect(await missing(...wanted)).toEqual([]);
  });
});

test('projects are removed when their checkout is gone and they were unused for a day', async () => {
  const { removeAbandonedProjects } = await script<{ removeAbandonedProjects(cache: string): Promise<void> }>(
    'projects.mjs',
  );
  const cache = tempFolder();
  const home = (name: string, checkout: string, hours: number) => {
    const file = path.join(cache, name, 'checkout');
    mkdirSync(path.dirname(file));
    writeFileSync(file, checkout);
    const used = new Date(Date.now() - hours * 3_600_000);
    utimesSync(file, used, used);
    return path.dirname(file);
  };
  const gone = home('gone', path.join(cache, 'nowhere'), 25);
  const stay = [
    home('unseen', path.join(cache, 'nowhere'), 1),
    home('there', cache, 25),
    home('begun', '', 0),
  ];
  mkdirSync(path.join(cache, 'begins'));
  await removeAbandonedProjects(cache);
  expect(existsSync(gone)).toBe(false);
  expect(stay.filter((folder) => !existsSync(folder))).toEqual([]);
});
