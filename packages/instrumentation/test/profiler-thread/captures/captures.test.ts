// Over 400 lines: all tests make their captures with `newCaptures`, which controls the polls and records the order of events.
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { Captures } from '../../../src/profiler-thread/captures/captures.js';
import { exactCommandLine } from '../../../src/profiler-thread/captures/command-line.js';
import { ComponentCapture } from '../../../src/profiler-thread/captures/component-capture.js';
import { ScopeTables } from '../../../src/profiler-thread/captures/scope/component-scope.js';
import { ProfilerStats } from '../../../src/profiler-thread/stats/profiler-stats.js';
import { INTERVAL, newLedger } from '../../support/ledger-sums.js';
import { onlySource } from '../../support/memory-sources.js';
import { Readings, type ShownSample, samplesOf } from '../../support/readings.js';
import { analyzeCapture, byStack } from './captures.js';

/** Makes captures of a ledger whose polls the test controls; records the order of events. */
function newCaptures(home = tempFolder()) {
  const ledger = newLedger();
  const readings = new Readings();
  const stats = new ProfilerStats();
  const happened: string[] = [];
  let live: readonly ShownSample[] = [];
  let isExactLate = false;
  let isExact = true;
  let onPoll = () => {};
  const captures = new Captures(
    {
      sources: onlySource(ledger),
      stats,
      scopes: new ScopeTables(),
      pollNow: async () => {
        happened.push('poll');
        await Promise.resolve();
        ledger.update(readings.of(live), 0);
        onPoll();
      },
      attribute: () => {
        happened.push('settle');
        ledger.attribute(0, true);
      },
      exactDone: () => happened.push('done'),
      isExact: () => isExact,
      isExactLate: () => isExactLate,
      log: (level, text) => happened.push(`${level}: ${text.replaceAll(home, 'HOME')}`),
    },
    {
      home,
      format: 13,
      maxCaptureBytes: 2 ** 30,
      maxCaptures: 5,
      commandLine: 'node app.js',
      commandLineOf: (scope) => `node app.js (${scope})`,
      exactLineOf: (scope, missed) => `node app.js exactly (${scope}, ${missed ?? '?'} missed)`,
      pid: 1,
      nodeModules: [],
      projectRoots: [],
      residentBytes: () => 1000,
    },
  );
  const read = (name: string) => analyzeCapture(path.join(home, `${name}_memory.bin`));
  return {
    captures,
    ledger,
    stats,
    happened,
    home,
    allocated: (name: string) => byStack(read(name), read(name).allocated()),
    leaked: (name: string) => byStack(read(name), read(name).leaks()),
    complete: (name: string) => read(name).complete,
    commandLine: (name: string) => read(name).header?.commandLine,
    /** Takes a poll, as the loop does. */
    poll: () => {
      ledger.update(readings.of(live), 0);
      captures.flush();
    },
    /** Ends exact mode, as the loss of the sampler does. */
    loseExact: () => {
      isExact = false;
      captures.exactEnded(false);
    },
    /** Calls back in the next poll that a capture asks for. */
    inPoll: (work: () => void) => {
      onPoll = () => {
        onPoll = () => {};
        work();
      };
    },
    /** The main thread has not waited for an exact capture. */
    beLate: () => {
      isExactLate = true;
    },
    show: (samples: readonly ShownSample[]) => {
      live = samples;
    },
  };
}

afterEach(() => vi.restoreAllMocks());

describe('a capture', () => {
  test('begins and ends with a poll, so that it holds what was allocated in between', async () => {
    const { captures, happened, show, allocated, complete } = newCaptures();
    show(samplesOf('before', 64, [1, 2]));
    captures.begin(1, 'api');
    await captures.idle();
    expect(captures.count).toBe(1);
    show([...samplesOf('before', 64, [1, 2]), ...samplesOf('within', 64, [3])]);
    captures.end(1);
    await captures.idle();
    expect(captures.count).toBe(0);
    expect(allocated('api')).toEqual({ within: [64, 1] });
    expect(complete('api')).toBe(true);
    expect(happened).toEqual([
      'poll',
      'settle',
      'info: profiling memory of component api: HOME/api_memory.bin',
      'poll',
      'settle',
    ]);
  });

  test('that is exact begins without a poll, with all that the new sampler shows, and the main thread is told', async () => {
    const { captures, happened, show, poll, allocated, commandLine } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    await captures.idle();
    expect(happened).toEqual([
      'settle',
      'info: profiling memory of component api: HOME/api_memory.bin',
      'done',
    ]);
    show(samplesOf('within', 64, [1, 2]));
    poll();
    captures.end(1, true);
    await captures.idle();
    expect(happened.slice(3)).toEqual(['poll', 'settle', 'done']);
    expect(allocated('api')).toEqual({ within: [128, 2] });
    expect(commandLine('api')).toBe('node app.js exactly (scope: process, 0 missed)');
  });

  test('that is exact begins with a poll if the sampler was running', async () => {
    const { captures, show, allocated } = newCaptures();
    show(samplesOf('before', 64, [1]));
    captures.begin(1, 'api', false, 'process', { sinceReplaced: false });
    await captures.idle();
    show(samplesOf('before', 64, [1]).concat(samplesOf('within', 64, [2])));
    captures.end(1, true);
    await captures.idle();
    expect(allocated('api')).toEqual({ within: [64, 1] });
  });

  test('that is exact says how many allocations it has missed since it began', async () => {
    const { captures, show, poll, commandLine, allocated } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    await captures.idle();
    show(samplesOf('within', 64, [6, 7]));
    poll();
    captures.end(1, true);
    await captures.idle();
    expect(commandLine('api')).toBe('node app.js exactly (scope: process, 5 missed)');
    expect(allocated('api')).toMatchObject({ within: [128, 2] });
  });

  test('that is exact says that the number is unknown when the main thread has not waited for it', async () => {
    const { captures, beLate, commandLine } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    await captures.idle();
    beLate();
    captures.end(1, true);
    await captures.idle();
    expect(commandLine('api')).toBe('node app.js exactly (scope: process, ? missed)');
    expect(exactCommandLine('a', 'b', undefined)).toContain(' unknown of them without stack');
    expect(exactCommandLine('a', 'b', undefined)).toHaveLength(exactCommandLine('a', 'b', 7).length);
  });

  test('that is exact holds only what belongs to its component, with that scope', async () => {
    const { captures, show, poll, commandLine, allocated } = newCaptures();
    captures.begin(1, 'api', false, 'component', { sinceReplaced: true });
    await captures.idle();
    show(samplesOf('elsewhere', 64, [1, 2]));
    poll();
    captures.end(1, true);
    await captures.idle();
    expect(allocated('api')).toEqual({});
    expect(commandLine('api')).toContain('node app.js exactly (scope: component, ');
  });

  test('that is exact ends with exact mode, and a sampled one follows it', async () => {
    const { captures, home, show, poll, ledger, commandLine, complete } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    await captures.idle();
    show(samplesOf('within', 64, [1, 2]));
    poll();
    captures.exactEnded(true);
    ledger.samplerLost();
    await captures.idle();
    expect(captures.count).toBe(1);
    expect(commandLine('api')).toBe('node app.js');
    const [exact = ''] = fs.readdirSync(home).filter((name) => name !== 'api_memory.bin');
    const capture = analyzeCapture(path.join(home, exact));
    expect(capture.header?.commandLine).toBe('node app.js exactly (scope: process, 0 missed)');
    // The live objects have not been freed.
    expect(byStack(capture, capture.leaks())).toEqual({ within: [128, 2] });
    captures.end(1, true);
    await captures.idle();
    expect(complete('api')).toBe(true);
  });

  test('that is exact says that the number is unknown when the sampler is lost', async () => {
    const { captures, home, loseExact, show, poll } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    await captures.idle();
    show(samplesOf('within', 64, [1, 2]));
    poll();
    loseExact();
    await captures.idle();
    const [exact = ''] = fs.readdirSync(home).filter((name) => name !== 'api_memory.bin');
    const { header } = analyzeCapture(path.join(home, exact));
    expect(header?.commandLine).toBe('node app.js exactly (scope: process, ? missed)');
  });

  test('that is exact says that the number is unknown when the last poll has not come', async () => {
    const { captures, commandLine, complete } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    captures.begin(2, 'other', false, 'process');
    await captures.idle();
    captures.endAll(false);
    expect(commandLine('api')).toBe('node app.js exactly (scope: process, ? missed)');
    expect(commandLine('other')).toBe('node app.js');
    expect(complete('api')).toBe(true);
  });

  test('that is to be exact is sampled when exact mode has ended before', async () => {
    const { captures, happened, commandLine, loseExact } = newCaptures();
    loseExact();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: false });
    await captures.idle();
    expect(commandLine('api')).toBe('node app.js');
    expect(happened).toContain('info: the capture of component api is sampled: exact mode has ended');
    expect(happened.at(-1)).toBe('done');
  });

  test.each([true, false])(
    'that is to be exact is sampled when exact mode ends meanwhile (%s)',
    async (sinceReplaced) => {
      const { captures, commandLine, loseExact, inPoll } = newCaptures();
      captures.begin(1, 'api', false, 'process', { sinceReplaced });
      if (sinceReplaced) loseExact();
      else inPoll(loseExact);
      await captures.idle();
      expect(commandLine('api')).toBe('node app.js');
      // It is not exact, so that another end of exact mode does not end it.
      captures.exactEnded(true);
      await captures.idle();
      expect(captures.count).toBe(1);
    },
  );

  test('that is exact is followed by no other when exact mode ends in its last poll', async () => {
    const { captures, commandLine, loseExact, inPoll } = newCaptures();
    captures.begin(1, 'api', false, 'process', { sinceReplaced: true });
    await captures.idle();
    inPoll(loseExact);
    captures.end(1, true);
    await captures.idle();
    expect(captures.count).toBe(0);
    expect(commandLine('api')).toBe('node app.js exactly (scope: process, ? missed)');
  });

  test('does not begin when all have ended', async () => {
    const { captures, home } = newCaptures();
    captures.begin(1, 'api');
    captures.endAll(true);
    await captures.idle();
    expect(captures.count).toBe(0);
    expect(fs.readdirSync(home)).toEqual([]);
  });

  test('contains no estimates of what was allocated before it', async () => {
    const { captures, show, allocated } = newCaptures();
    // Nine samples are born and die unseen.
    show(samplesOf('before', 64, [10]));
    captures.begin(1, 'api');
    await captures.idle();
    show(samplesOf('before', 64, [10, 13]));
    captures.end(1);
    await captures.idle();
    expect(allocated('api')).toEqual({
      before: [64, 1],
      '(unobserved) > (short-lived, estimated)': [2 * INTERVAL, 2],
    });
  });

  test('keeps what survives a restart of the sampler, and ends samples that no collection has confirmed', async () => {
    const { captures, ledger, show, allocated, leaked } = newCaptures();
    captures.begin(1, 'api');
    await captures.idle();
    show([...samplesOf('kept', 64, [1, 2]), ...samplesOf('garbage', 64, [3])]);
    captures.begin(2, 'other');
    await captures.idle();
    // A scavenge after ordinal 5 frees samples 3 to 5.
    ledger.noteCollections({ scavenges: 1, majors: [] });
    show([...samplesOf('kept', 64, [1, 2]), ...samplesOf('young', 64, [6, 7])]);
    captures.end(2);
    await captures.idle();
    captures.samplerRestarts({ ledger });
    ledger.intervalReplaced(INTERVAL / 8);
    captures.endAll(true);
    expect(allocated('api')).toMatchObject({ kept: [2 * 64, 2], young: [2 * 64, 2] });
    expect(leaked('api')).toEqual({ kept: [2 * 64, 2] });
  });

  test('begins before it ends, even when both are requested at once', async () => {
    const { captures, complete } = newCaptures();
    captures.begin(1, 'api');
    captures.end(1);
    captures.begin(2, 'scheduler');
    await captures.idle();
    expect(captures.count).toBe(1);
    expect(complete('api')).toBe(true);
    expect(complete('scheduler')).toBe(false);
  });

  test('of a component says, in its header too, how much of the process is assigned to no component', async () => {
    const { captures, happened, show, allocated, commandLine, stats } = newCaptures();
    captures.begin(1, 'api', false, 'component');
    await captures.idle();
    show(samplesOf('(V8 API)', 64, [1, 2]));
    captures.end(1);
    await captures.idle();
    expect(allocated('api')).toEqual({});
    expect(stats.drops).toEqual({ capture_unassigned: 2 });
    expect(commandLine('api')).toBe('node app.js (scope: component, 100.0 % of the process unassigned)');
    expect(happened.at(-1)).toMatch(
      /^info: capture of component api: 100\.0 % of what the process allocated .*; 0\.0 % /,
    );
  });

  test('that never began ends without a message', async () => {
    const { captures, happened } = newCaptures();
    captures.end(7);
    await captures.idle();
    expect(happened.filter((text) => text.startsWith('error'))).toEqual([]);
  });

  test('is flushed and ended together with others', async () => {
    const { captures, show, allocated, complete } = newCaptures();
    captures.begin(1, 'api');
    captures.begin(2, 'scheduler');
    await captures.idle();
    show(samplesOf('main', 64, [1]));
    captures.end(7);
    await captures.idle();
    captures.flush();
    for (const name of ['api', 'scheduler']) expect(allocated(name)).toEqual({ main: [64, 1] });
    captures.endAll(true);
    for (const name of ['api', 'scheduler']) expect(complete(name)).toBe(true);
    expect(captures.count).toBe(0);
  });
});

/** Makes a file operation fail, as with a read-only folder or a disk error. */
function refuse(call: 'closeSync' | 'unlinkSync' | 'writeSync') {
  return vi.spyOn(fs, call).mockImplementation(() => {
    throw Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' });
  });
}

test('an old capture that cannot be deleted is logged and counted, and the new one continues', async () => {
  const { captures, stats, happened, home } = newCaptures();
  for (let at = 1; at <= 6; at++) {
    fs.writeFileSync(path.join(home, `api_memory.2026112${at}T000000Z.bin`), 'old');
  }
  refuse('unlinkSync');
  captures.begin(1, 'api');
  await captures.idle();
  expect(captures.count).toBe(1);
  expect(stats.drops).toEqual({ not_pruned: 2 });
  expect(happened).toContain(
    'warn: cannot prune capture HOME/api_memory.20261121T000000Z.bin: i/o error (EIO); more captures may be kept than maxCaptures',
  );
});

describe('a capture that cannot be written', () => {
  test('and cannot be closed either does not prevent the end', async () => {
    const { captures, stats } = newCaptures();
    captures.begin(1, 'api');
    captures.begin(2, 'scheduler');
    await captures.idle();
    refuse('writeSync');
    refuse('closeSync');
    captures.endAll(true);
    expect(captures.count).toBe(0);
    expect(stats.drops).toEqual({ capture: 2 });
  });

  test('during a poll is given up without an error for the poll', async () => {
    const { captures, stats, show } = newCaptures();
    captures.begin(1, 'api');
    await captures.idle();
    show(samplesOf('main', 64, [1]));
    refuse('writeSync');
    refuse('closeSync');
    captures.flush();
    expect(captures.count).toBe(0);
    expect(stats.drops).toEqual({ capture: 1 });
  });

  test('is given up with one error and one drop, and the next one is tried', async () => {
    const home = path.join(tempFolder(), 'home');
    fs.writeFileSync(home, 'a file');
    const { captures, stats, happened } = newCaptures(home);
    captures.begin(1, 'api');
    await captures.idle();
    expect(captures.count).toBe(0);
    expect(stats.drops).toEqual({ capture: 1 });
    expect(happened.filter((text) => text.startsWith('error'))).toEqual([
      expect.stringMatching(/^error: capture of api given up: .*HOME/),
    ]);
    captures.end(1);
    fs.unlinkSync(home);
    captures.begin(2, 'api');
    await captures.idle();
    expect(captures.count).toBe(1);
  });

  test('later is given up too, and the others continue', async () => {
    const { captures, stats, happened, show, home, complete } = newCaptures();
    const abandon = vi.spyOn(ComponentCapture.prototype, 'abandon');
    captures.begin(1, 'api');
    captures.begin(2, 'scheduler');
    await captures.idle();
    // Delete the file, and put a folder where the next one should be.
    fs.unlinkSync(path.join(home, 'api_memory.bin'));
    fs.mkdirSync(path.join(home, 'api_memory.bin'));
    for (let ordinal = 1; ordinal <= 20; ordinal++) {
      show(samplesOf(`f${ordinal}`, 64, [ordinal]));
      captures.end(7);
      await captures.idle();
      captures.flush();
    }
    expect(captures.count).toBe(1);
    expect(stats.drops).toEqual({ capture: 1 });
    expect(happened.filter((text) => text.startsWith('error'))).toEqual([
      expect.stringMatching(/^error: capture of HOME\/api_memory.bin given up/),
    ]);
    expect(abandon).toHaveBeenCalledTimes(1);
    captures.end(2);
    await captures.idle();
    expect(complete('scheduler')).toBe(true);
  });
});
