import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CgroupLimit } from '../../../src/profiler-thread/resident/cgroup-limit.js';
import { readCgroupMemory } from '../../../src/profiler-thread/resident/cgroup-memory.js';
import { CgroupWatch } from '../../../src/profiler-thread/resident/cgroup-watch.js';
import { folderOf } from '../../support/folder-of.js';

afterEach(() => vi.restoreAllMocks());

const UNIFIED = '30 23 0:26 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';
const EVENTS = 'low 0\nhigh 7\nmax 6\noom 2\noom_kill 1\noom_group_kill 0\n';

/** Files of a group of version 2 with a limit. */
function version2(folder: string, files: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = {
    'memory.max': '1000000\n',
    'memory.high': 'max\n',
    'memory.current': '600000\n',
    'memory.stat': 'anon 400000\nfile 200000\ninactive_file 150000\nactive_file 50000\n',
    'memory.events': EVENTS,
    ...files,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, text]) => [`sys/fs/cgroup${folder}/${name}`, text]),
  );
}

const proc = (cgroup: string, mountinfo = UNIFIED) => ({
  'proc/self/cgroup': cgroup,
  'proc/self/mountinfo': mountinfo,
});

describe('control groups of version 2', () => {
  test('have limits, usage and events', () => {
    const root = folderOf({ ...proc('0::/\n'), ...version2('', { 'memory.high': '900000\n' }) });
    expect(readCgroupMemory(root)).toEqual({
      limit: 1_000_000,
      high: 900_000,
      usage: 600_000,
      reclaimable: 150_000,
      events: { high: 7, max: 6, oom: 2, oom_kill: 1 },
    });
  });

  test('count at the level with the lowest limit when they are nested', () => {
    const root = folderOf({
      ...proc('0::/kubepods/pod1/main\n'),
      ...version2('/kubepods/pod1/main', { 'memory.max': 'max\n', 'memory.current': '1\n' }),
      ...version2('/kubepods/pod1', { 'memory.max': '700000\n', 'memory.current': '650000\n' }),
      ...version2('/kubepods', { 'memory.high': '800000\n', 'memory.current': '900000\n' }),
    });
    expect(readCgroupMemory(root)).toMatchObject({ limit: 700_000, high: 800_000, usage: 650_000 });
  });

  test('count at the innermost level when there is no limit', () => {
    const root = folderOf({
      ...proc('0::/a/b\n'),
      ...version2('/a/b', { 'memory.max': 'max\n', 'memory.current': '1\n' }),
      ...version2('/a', { 'memory.max': `${os.totalmem() + 1}\n`, 'memory.current': '2\n' }),
    });
    expect(readCgroupMemory(root)).toMatchObject({ limit: undefined, high: undefined, usage: 1 });
  });

  test('leave out what their files do not say', () => {
    const root = folderOf({
      ...proc('0::/a\n'),
      'sys/fs/cgroup/a/memory.max': 'not a number\n',
      'sys/fs/cgroup/a/memory.current': '5\n',
      'sys/fs/cgroup/a/memory.events': 'oom 1\n',
    });
    expect(readCgroupMemory(root)).toEqual({
      limit: undefined,
      high: undefined,
      usage: 5,
      reclaimable: undefined,
      events: { oom: 1 },
    });
  });

  test('are seen from inside of a container with a group of its own', () => {
    const mount =
      '30 23 0:26 /docker/1f /mnt/my\\040groups rw - ext4 none rw\n' +
      '31 23 0:26 /docker/1f /sys/fs/cgroup rw - cgroup2 cgroup rw\n';
    const inside = folderOf({ ...proc('0::/docker/1f\n', mount), ...version2('') });
    expect(readCgroupMemory(inside)?.limit).toBe(1_000_000);
    const below = folderOf({ ...proc('0::/docker/1f/app\n', mount), ...version2('/app') });
    expect(readCgroupMemory(below)?.limit).toBe(1_000_000);
    const outside = folderOf({ ...proc('0::/../other\n', mount), ...version2('') });
    expect(readCgroupMemory(outside)?.limit).toBe(1_000_000);
  });
});

describe('control groups of version 1', () => {
  const MOUNTS =
    '35 31 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n' +
    '36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n' +
    '37 31 0:34 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
  const group = (folder: string, limit: string) => ({
    [`sys/fs/cgroup/memory${folder}/memory.limit_in_bytes`]: `${limit}\n`,
    [`sys/fs/cgroup/memory${folder}/memory.usage_in_bytes`]: '500\n',
    [`sys/fs/cgroup/memory${folder}/memory.failcnt`]: '3\n',
    [`sys/fs/cgroup/memory${folder}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 200\n',
    [`sys/fs/cgroup/memory${folder}/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n',
  });
  const CGROUP = '9:cpu,cpuacct:/\n4:memory:/a/b\n0::/c\n';

  test('have limits, usage and the events that they count, in mixed systems too', () => {
    const root = folderOf({ ...proc(CGROUP, MOUNTS), ...group('/a/b', '800'), ...group('/a', '900') });
    expect(readCgroupMemory(root)).toEqual({
      limit: 800,
      high: undefined,
      usage: 500,
      reclaimable: 200,
      events: { max: 3, oom_kill: 4 },
    });
  });

  test('have no limit when theirs is larger than the memory of the machine', () => {
    const root = folderOf({ ...proc(CGROUP, MOUNTS), ...group('/a/b', '9223372036854771712') });
    expect(readCgroupMemory(root)).toMatchObject({ limit: undefined, usage: 500 });
  });
});

describe('the limit alone', () => {
  test('is read at the level where it is lowest, with the use there', () => {
    const root = folderOf({
      ...proc('0::/pods/pod1/main\n'),
      ...version2('/pods/pod1/main', { 'memory.max': 'max\n', 'memory.current': '1\n' }),
      ...version2('/pods/pod1', { 'memory.max': '700000\n', 'memory.current': '650000\n' }),
      ...version2('/pods', { 'memory.max': '900000\n' }),
    });
    expect(new CgroupLimit(root).read()).toEqual({ limit: 700_000, usage: 650_000, reclaimable: 150_000 });
  });

  test('is that of version 1 in mixed systems', () => {
    const folder = 'sys/fs/cgroup/memory/a';
    const root = folderOf({
      ...proc('4:memory:/a\n0::/c\n', '36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n'),
      [`${folder}/memory.limit_in_bytes`]: '800\n',
      [`${folder}/memory.usage_in_bytes`]: '500\n',
      [`${folder}/memory.stat`]: 'inactive_file 1\ntotal_inactive_file 200\n',
    });
    expect(new CgroupLimit(root).read()).toEqual({ limit: 800, usage: 500, reclaimable: 200 });
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['a limit', { ...proc('0::/\n'), ...version2('', { 'memory.max': 'max\n' }) }],
    ['files', proc('0::/\n')],
    ['a group', {}],
  ])('is absent without %s', (_, files) => {
    expect(new CgroupLimit(folderOf(files)).read()).toBeUndefined();
  });

  test('is new at once when it changes, and within a minute when the process moves to another group', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const root = folderOf({ ...proc('0::/a\n'), ...version2('/a'), ...version2('/b') });
      const write = (file: string, text: string) => writeFileSync(path.join(root, file), text);
      const limit = new CgroupLimit(root);
      expect(limit.read()).toMatchObject({ limit: 1_000_000, usage: 600_000 });
      write('sys/fs/cgroup/a/memory.max', '800000\n');
      write('sys/fs/cgroup/b/memory.max', '300000\n');
      expect(limit.read()?.limit).toBe(800_000);
      write('proc/self/cgroup', '0::/b\n');
      vi.advanceTimersByTime(60_000);
      expect(limit.read()?.limit).toBe(300_000);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('without a control group', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['/proc cannot be read', {}],
    ['nothing is mounted', proc('0::/a\n', '')],
    ['its files are absent', proc('0::/a\n')],
    ['the list of groups is empty', proc('')],
    ['the files are of another format', { 'proc/self/cgroup': '\0\0', 'proc/self/mountinfo': '- - -\n-' }],
  ])('there is no memory of it when %s', (_, files) => {
    expect(readCgroupMemory(folderOf(files))).toBeUndefined();
  });

  test('the limit is the one that Node knows, if any', () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(2 ** 20);
    expect(new CgroupWatch(() => undefined).read()).toMatchObject({ limit: 2 ** 20, events: {} });
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(2 ** 64);
    expect(new CgroupWatch(() => undefined).read()).toBeUndefined();
  });
});

test.runIf(process.platform === 'linux')('events count from the first reading on', () => {
  const events = { high: 7, oom_kill: 1 };
  const watch = new CgroupWatch(() => ({
    limit: 9,
    high: undefined,
    usage: 5,
    reclaimable: undefined,
    events: { ...events },
  }));
  expect(watch.read()?.events).toEqual({ high: 0, oom_kill: 0 });
  events.high += 2;
  expect(watch.read()?.events).toEqual({ high: 2, oom_kill: 0 });
  // The process was moved to another group.
  events.high = 1;
  expect(watch.read()?.events).toEqual({ high: 0, oom_kill: 0 });
});
