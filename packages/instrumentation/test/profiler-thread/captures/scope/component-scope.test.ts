import { expect, test } from 'vitest';
import {
  ComponentScope,
  ScopeTables,
} from '../../../../src/profiler-thread/captures/scope/component-scope.js';
import type { RawFrame } from '../../../../src/profiler-thread/ledger/index.js';
import type { ObservedFunction } from '../../../../src/protocol/captures/component-contexts.js';
import { newLedger } from '../../../support/ledger-sums.js';
import { Readings, range, type ShownSample, samplesOf } from '../../../support/readings.js';
import { beginCapture, byStack, type TestCapture } from '../captures.js';

const URL = 'file:///app/shop.js';
const COLUMN = 40;
const FUNCTIONS = ['main', 'runApi', 'runJobs', 'step', 'answer', 'build', 'parse'];

/** All functions are in one file, each on a line of its own. */
function frameOf(functionName: string): RawFrame {
  const lineNumber = FUNCTIONS.indexOf(functionName);
  return { functionName, scriptId: '7', url: URL, lineNumber, columnNumber: COLUMN - 1 };
}

/** Returns an observation of a function: V8 gives it with the position of its keyword. */
function observed(name: string, components: readonly string[], weight = 1): ObservedFunction {
  const column = COLUMN - `async function ${name}`.length;
  return { url: URL, line: FUNCTIONS.indexOf(name) + 1, column, components, weight };
}

/** Makes a process with the wrapped functions `runApi` and `runJobs`, and a capture of each. */
function newProcess() {
  const ledger = newLedger();
  const readings = new Readings(frameOf);
  const tables = new ScopeTables();
  for (const [name, component] of [
    ['runApi', 'api'],
    ['runJobs', 'jobs'],
  ] as const) {
    const { lineNumber, columnNumber } = frameOf(name);
    ledger.sites.components.addFunction({ scriptId: '7', lineNumber, columnNumber }, component);
  }
  const begin = (component: string) => {
    const scope = new ComponentScope(component, tables);
    return { scope, ...beginCapture(ledger, { component, scope }) };
  };
  const captures = { api: begin('api'), jobs: begin('jobs') };
  return {
    observe: (...functions: ObservedFunction[]) => tables.add({ functions, callbacks: [] }),
    setTimer: (name: string, components: readonly string[]) => {
      const { lineNumber, columnNumber } = frameOf(name);
      const location = { scriptId: '7', lineNumber, columnNumber };
      tables.add({ functions: [], callbacks: [{ location, components }] });
    },
    ...captures,
    show: (samples: readonly ShownSample[]) => {
      ledger.update(readings.of(samples), 1);
      for (const { capture } of Object.values(captures)) capture.flush();
      tables.endPeriod();
    },
    end: () => {
      ledger.attribute(2, true);
      for (const { capture } of Object.values(captures)) capture.finish();
    },
  };
}

const allocated = ({ read }: TestCapture) => byStack(read(), read().allocated());
const leaked = ({ read }: TestCapture) => byStack(read(), read().leaks());
const countOf = (stacks: Record<string, [bytes: number, count: number]>) =>
  Object.values(stacks).reduce((sum, [, count]) => sum + count, 0);

test('has what is allocated below its functions, and by functions that have run for it', () => {
  const { observe, api, jobs, show, end } = newProcess();
  observe(observed('step', ['api']), observed('answer', []));
  show([
    ...samplesOf('main > runApi > parse', 64, [1, 2]),
    ...samplesOf('main > runJobs > parse', 64, [3]),
    ...samplesOf('step > parse', 64, [4, 5, 6]),
    ...samplesOf('answer > parse', 64, [7]),
  ]);
  end();
  expect(allocated(api)).toEqual({ 'main > runApi > parse': [128, 2], 'step > parse': [192, 3] });
  expect(allocated(jobs)).toEqual({ 'main > runJobs > parse': [64, 1] });
  expect(api.scope).toMatchObject({ unassigned: 0, divided: 0 });
});

test('has what a component does within another one, in the captures of both', () => {
  const { observe, api, jobs, show, end } = newProcess();
  observe(observed('step', ['api', 'jobs']), observed('runJobs', ['api', 'jobs']));
  show([
    ...samplesOf('runApi > runJobs > parse', 64, [1]),
    ...samplesOf('runJobs > parse', 64, [2]),
    ...samplesOf('step > parse', 64, [3]),
  ]);
  end();
  expect(countOf(allocated(api))).toBe(3);
  expect(countOf(allocated(jobs))).toBe(3);
});

test('adds samples of a function as soon as it is known to run for the component', () => {
  const { observe, api, jobs, show, end } = newProcess();
  show(samplesOf('step > parse', 64, [1, 2, 3]));
  show(samplesOf('step > parse', 64, [2, 3]));
  expect(allocated(api)).toEqual({});
  expect(api.scope).toMatchObject({ unassigned: 1, unassignedSamples: 3 });
  observe(observed('step', ['api']));
  show(samplesOf('step > parse', 64, [3]));
  end();
  expect(allocated(api)).toEqual({
    'step > parse': [64, 1],
    'step > parse > (short-lived, estimated)': [128, 2],
  });
  expect(leaked(api)).toEqual({ 'step > parse': [64, 1] });
  expect(allocated(jobs)).toEqual({});
  expect(api.scope).toMatchObject({ unassigned: 0, unassignedSamples: 0 });
});

test('has what the callback of a timer allocates that the component has set', () => {
  const { setTimer, api, jobs, show, end } = newProcess();
  setTimer('step', ['api']);
  setTimer('answer', []);
  show([...samplesOf('step > parse', 64, [1]), ...samplesOf('answer > parse', 64, [2])]);
  end();
  expect(allocated(api)).toEqual({ 'step > parse': [64, 1] });
  expect(allocated(jobs)).toEqual({});
  expect(api.scope.unassigned).toBe(0);
});

test('divides a function that runs for several components, so that each sample is in one capture', () => {
  const { observe, api, jobs, show, end } = newProcess();
  observe(observed('build', ['api'], 60), observed('build', ['jobs'], 30), observed('build', [], 10));
  show(samplesOf('build > parse', 64, range(1, 1000)));
  show(samplesOf('build > parse', 64, range(1, 500)));
  end();
  const [ofApi, ofJobs] = [countOf(allocated(api)), countOf(allocated(jobs))];
  expect(ofApi).toBeGreaterThan(590);
  expect(ofApi).toBeLessThan(610);
  expect(ofJobs).toBeGreaterThan(290);
  expect(ofJobs).toBeLessThan(310);
  expect(countOf(leaked(api)) + countOf(leaked(jobs))).toBeGreaterThan(440);
  expect(api.scope).toMatchObject({ unassigned: 0, divided: 1 });
});

test('divides the samples of each reading in the ratio of its period, or of the last one with observations', () => {
  const { observe, api, jobs, show, end } = newProcess();
  observe(observed('build', ['api'], 90), observed('build', ['jobs'], 10));
  show(samplesOf('build > parse', 64, range(1, 1000)));
  observe(observed('build', ['jobs'], 5));
  show(samplesOf('build > parse', 64, range(1, 2000)));
  show(samplesOf('build > parse', 64, range(1, 3000)));
  end();
  const [ofApi, ofJobs] = [countOf(allocated(api)), countOf(allocated(jobs))];
  expect(ofApi).toBeGreaterThan(890);
  expect(ofApi).toBeLessThan(910);
  expect(ofApi + ofJobs).toBe(3000);
});

test('keeps the last ratio when a function has too many contexts to observe a further one', () => {
  const { observe, api, show, end } = newProcess();
  observe(
    ...Array.from({ length: 100 }, (_, at) => observed('build', at < 50 ? ['api', `${at}`] : [`${at}`])),
  );
  show(samplesOf('build > parse', 64, range(1, 1000)));
  observe(observed('build', ['further']));
  show(samplesOf('build > parse', 64, range(1, 2000)));
  show([]);
  end();
  const count = countOf(allocated(api));
  expect(count).toBeGreaterThan(990);
  expect(count).toBeLessThan(1010);
});

test('leaves out work without a function of the program, and says how much of the process that is', () => {
  const { api, show, end } = newProcess();
  show([...samplesOf('main > runApi > parse', 64, [1]), ...samplesOf('(V8 API)', 64, [2, 3, 4])]);
  end();
  expect(allocated(api)).toEqual({ 'main > runApi > parse': [64, 1] });
  expect(api.scope.unassigned).toBe(0.75);
});
