// Runs every command on thousands of damaged captures and profiles, in one process: each gives a result, or one clear line.
import { expect, test } from 'vitest';
import { Random } from '../../packages/exporter/test/memray/support/random.js';
import { tempFolder } from '../support/temp-folder.js';
import { COMMAND_COUNT, runCommand } from './commands.js';
import { pickCapture, readCorpus } from './corpus.js';
import { mutate, seedOf } from './mutate.js';
import { readProfiles } from './profiles.js';

const COUNT = 1_200;
const SEED = 7;
const MAX_GROWTH = 512 * 2 ** 20;

test('every command makes a result of a damaged file, or ends with one line and status 1', async () => {
  const captures = readCorpus();
  const profiles = readProfiles();
  const before = process.memoryUsage.rss();
  const warnings: string[] = [];
  // Such as warnings about files that were not closed.
  const onWarning = ({ message }: Error) => warnings.push(message);
  process.on('warning', onWarning);
  let refused = 0;
  for (let number = 0; number < COUNT; number += 1) {
    const random = new Random(seedOf(SEED, number));
    const isProfile = random.chance(0.5);
    const corpus = isProfile ? profiles : captures;
    const bytes = mutate(isProfile ? random.pick(profiles) : pickCapture(captures, random), random, corpus);
    try {
      refused += await runCommand(bytes, number % COMMAND_COUNT, tempFolder());
    } catch (cause) {
      throw new Error(`seed ${SEED}, number ${number}`, { cause });
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH);
  }
  process.removeListener('warning', onWarning);
  expect(warnings).toEqual([]);
  // Some files are refused, but not all.
  expect(refused).toBeGreaterThan(COUNT / 20);
  expect(refused).toBeLessThan(COUNT * 0.95);
});
