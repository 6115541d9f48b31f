// The order in which vitest starts test files.
import path from 'node:path';
import { BaseSequencer } from 'vitest/node';
import { ROOT } from './bootstrap.mjs';

/** Parts of the paths of tests that take longest although their files are short: these start first. */
const LONGEST = [
  'e2e/allocation-conditions',
  'e2e/live-page-of-servers',
  'e2e/living-captures',
  'e2e/commonjs',
  'test/fleet',
  'test/docs.test',
  'inputs/own-thread',
  'watch/memory',
  'watch/peers',
];

/**
 * Starts the longest files of each project first, and mixes the projects: end-to-end tests wait for much of their time, while
 * others use the processor.
 */
export class MixingSequencer extends BaseSequencer {
  async sort(files) {
    const projects = Object.values(Object.groupBy(await super.sort(files), ({ project }) => project.name));
    const placed = projects.flatMap((group) => {
      const isLong = ({ moduleId }) => LONGEST.some((part) => path.relative(ROOT, moduleId).includes(part));
      const inOrder = [...group.filter(isLong), ...group.filter((file) => !isLong(file))];
      return inOrder.map((file, at) => ({ file, place: (at + 0.5) / inOrder.length }));
    });
    return placed.sort((a, b) => a.place - b.place).map(({ file }) => file);
  }
}
