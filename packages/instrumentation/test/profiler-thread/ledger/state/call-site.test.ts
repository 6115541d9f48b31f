import { describe, expect, test } from 'vitest';
import { siteLabel } from '../../../../src/profiler-thread/ledger/index.js';
import { isRuntimeFrame } from '../../../../src/profiler-thread/ledger/state/allocating-frame.js';
import { CallSites, type CodeFacts } from '../../../../src/profiler-thread/ledger/state/call-site.js';
import { CallTree, type Frame, ROOT } from '../../../../src/profiler-thread/ledger/state/call-tree.js';
import type { RawFrame } from '../../../../src/protocol/code-place.js';
import { frameOf } from '../../../support/readings.js';

const NODE = (name: string): RawFrame => ({ ...frameOf(name), url: `node:internal/${name}` });
const NATIVE = (name: string): RawFrame => ({
  functionName: name,
  url: '',
  lineNumber: -1,
  columnNumber: -1,
});
/** A function without a name; positions count from 1. */
const UNNAMED = (line: number, column: number, file = 'orders.js'): RawFrame => ({
  functionName: '',
  url: `file:///app/${file}`,
  lineNumber: line - 1,
  columnNumber: column - 1,
});
/** Code of `eval` or `new Function` as Node 26 reports it; Node 22 and 24 give no position. */
const EVALUATED = (line = 0, column = 0): RawFrame => ({
  ...UNNAMED(line, column),
  url: '',
  scriptId: '118',
});

function newSites(facts: Partial<CodeFacts> = {}, maxSites?: number) {
  const tree = new CallTree({ maxNodes: 1000 });
  const packageOf = (file: string) => `package of ${file}`;
  const sites = new CallSites(tree, { packageOf, ...facts }, 'api', { maxSites });
  /** Returns the index of a stack's call site, outermost frame first. */
  const siteOf = (...stack: RawFrame[]) =>
    sites.siteOf(stack.reduce((parent, frame) => tree.child(parent, frame), ROOT));
  return { tree, sites, siteOf, of: (...stack: RawFrame[]) => sites.site(siteOf(...stack)) };
}

describe('the call site of a stack', () => {
  const { of } = newSites();

  test('is its innermost function', () => {
    expect({ ...of(frameOf('main'), frameOf('parse')) }).toEqual({
      functionName: 'parse',
      file: '/app/parse.js',
      line: 1,
      column: 1,
      sharesLine: true,
      shortFile: '/app/parse.js',
      packageName: 'package of /app/parse.js',
      component: 'api',
    });
  });

  test('of native code not called by the program has the package of Node if Node called it', () => {
    expect(of(NODE('timers'), NATIVE('set'))).toMatchObject({
      functionName: 'set',
      packageName: 'package of node:',
    });
    expect(of(NATIVE('set'))).toMatchObject({ functionName: 'set', packageName: 'package of ' });
    expect(of(NODE('fs'), NODE('timers'), NATIVE('set'))).toBe(of(NODE('timers'), NATIVE('set')));
  });

  test("is the code that called Node's own code", () => {
    expect(of(frameOf('main'), frameOf('read'), NODE('fs')).functionName).toBe('read');
    expect(of(frameOf('main'), NATIVE('parse')).functionName).toBe('main');
    expect(of(frameOf('main'), NODE('timers'), NODE('async_hooks'), NATIVE('(GC)')).functionName).toBe(
      'main',
    );
  });

  test('is the code that called evaluated code, named or not', () => {
    expect(of(frameOf('main'), frameOf('render'), EVALUATED()).functionName).toBe('render');
    expect(of(frameOf('main'), frameOf('render'), EVALUATED(3, 8), NATIVE('push')).functionName).toBe(
      'render',
    );
    expect(of(frameOf('render'), { ...EVALUATED(), functionName: 'template' }).functionName).toBe('render');
  });

  test('is the evaluated code if only Node called it', () => {
    expect(of(NODE('timers'), EVALUATED(3, 8), NATIVE('push'))).toMatchObject({
      functionName: '(anonymous)',
      file: '',
      line: 3,
      column: 8,
    });
  });

  test("is the innermost frame if all are Node's", () => {
    expect(of(NODE('bootstrap'), NODE('loader'))).toMatchObject({ functionName: 'loader' });
    expect(of(NATIVE('(V8 API)'))).toMatchObject({ functionName: '(V8 API)', file: '' });
  });

  test('is separate for the empty stack', () => {
    expect(of()).toMatchObject({ functionName: '(root)', file: '' });
  });
});

test('stacks that end in the same function share a call site', () => {
  const asked: string[] = [];
  const packageOf = (file: string) => {
    asked.push(file);
    return 'app';
  };
  const { sites, siteOf } = newSites({ packageOf });
  const two = siteOf(frameOf('two'), frameOf('parse'));
  expect(siteOf(frameOf('one'), frameOf('parse'))).toBe(two);
  expect(siteOf(frameOf('two'), frameOf('parse'), NATIVE('slice'))).toBe(two);
  expect(siteOf(frameOf('two'), frameOf('parse'))).toBe(two);
  expect(sites.size).toBe(1);
  expect(asked).toEqual(['/app/parse.js']);
});

describe('two functions are two call sites', () => {
  test.each([
    ['of the same name in two files', frameOf('parse'), { ...frameOf('parse'), url: 'file:///app/other.js' }],
    ['without names in two lines of a file', UNNAMED(5, 13), UNNAMED(6, 13)],
    ['without names in one line', UNNAMED(5, 13), UNNAMED(5, 40)],
    ['methods of one name', frameOf('get'), { ...frameOf('get'), lineNumber: 30 }],
    [
      'of two names that V8 says start in one place',
      UNNAMED(1, 1),
      { ...UNNAMED(1, 1), functionName: 'Order' },
    ],
  ])('%s', (_, one, other) => {
    const { siteOf } = newSites();
    expect(siteOf(one)).not.toBe(siteOf(other));
  });

  test('which a minifier has put into one line', () => {
    const originalOf = (frame: Frame): Frame => ({ ...frame, line: frame.column, column: 1 });
    const { of } = newSites({ originalOf });
    expect([of(UNNAMED(1, 100)).line, of(UNNAMED(1, 200)).line]).toEqual([100, 200]);
  });
});

describe('one function is one call site', () => {
  test('of a script that is loaded again', () => {
    const { siteOf } = newSites();
    expect(siteOf({ ...UNNAMED(5, 13), scriptId: '7' })).toBe(siteOf({ ...UNNAMED(5, 13), scriptId: '93' }));
  });

  test('that a bundler has put into two programs', () => {
    const originalOf = (frame: Frame): Frame => ({ ...frame, file: '/app/src/a.ts', line: 8, column: 3 });
    const { siteOf, of } = newSites({ originalOf });
    expect(siteOf(UNNAMED(1, 100, 'dist/a.js'))).toBe(siteOf(UNNAMED(1, 900, 'dist/b.js')));
    expect(of(UNNAMED(1, 100, 'dist/a.js'))).toMatchObject({ file: '/app/src/a.ts', line: 8, column: 3 });
  });
});

describe('sharesLine', () => {
  test('comes from the source, which is read once and only for sites that are shown', () => {
    const asked: number[] = [];
    const isAloneOnLine = ({ line }: Frame) => asked.push(line) > 0 && line === 5;
    const { of } = newSites({ isAloneOnLine });
    const [alone, not] = [of(UNNAMED(5, 13)), of(UNNAMED(6, 13))];
    expect(asked).toEqual([]);
    expect([alone.sharesLine, not.sharesLine, alone.sharesLine]).toEqual([false, true, false]);
    expect(asked).toEqual([5, 6]);
  });

  test('is true for a second function of the same name, whatever the source says; the first is unchanged', () => {
    const { of } = newSites({ isAloneOnLine: () => true });
    const first = of(UNNAMED(5, 13));
    expect(first.sharesLine).toBe(false);
    expect(of(UNNAMED(5, 40)).sharesLine).toBe(true);
    expect(of(UNNAMED(5, 13)).sharesLine).toBe(false);
  });

  test('is false where the line is unknown', () => {
    expect(newSites().of(NATIVE('(GC)')).sharesLine).toBe(false);
  });

  test('is copied with a site', () => {
    const { of } = newSites({ isAloneOnLine: () => true });
    expect(structuredClone(of(UNNAMED(5, 13)))).toMatchObject({ line: 5, column: 13, sharesLine: false });
  });
});

describe('beyond the maximum number of call sites', () => {
  test('a stack is charged to the nearest caller that has one, and counted', () => {
    const { sites, siteOf } = newSites({}, 2);
    const [main, render] = [siteOf(frameOf('main')), siteOf(frameOf('main'), frameOf('render'))];
    const made = (i: number) => UNNAMED(1, i + 1, `made-${i}.js`);
    for (let i = 0; i < 100; i++) expect(siteOf(frameOf('main'), frameOf('render'), made(i))).toBe(render);
    expect(siteOf(frameOf('main'), made(100), NODE('fs'), made(101))).toBe(main);
    expect(sites.size).toBe(2);
    expect(sites.foldedStacks).toBe(101);
    expect(siteOf(frameOf('main'), frameOf('render'), made(5))).toBe(render);
    expect(sites.foldedStacks).toBe(101);
  });

  test('a function with a call site keeps it, also in a new stack', () => {
    const { sites, siteOf } = newSites({}, 1);
    const main = siteOf(frameOf('main'));
    expect(siteOf(frameOf('other'), frameOf('main'))).toBe(main);
    expect(sites.foldedStacks).toBe(0);
  });

  test('a stack without such a caller is charged to one site for all', () => {
    const { sites, siteOf, of } = newSites({}, 1);
    siteOf(frameOf('main'));
    const folded = siteOf(frameOf('one'));
    expect(siteOf(NODE('timers'), frameOf('two'))).toBe(folded);
    expect(of(frameOf('one'))).toMatchObject({ functionName: '(folded)', file: '', component: 'api' });
    expect(sites.size).toBe(2);
  });
});

test('refuses an index that was never assigned', () => {
  expect(() => newSites().sites.site(0)).toThrow('no call site 0');
});

test.each([
  ['(anonymous)', 'src/orders.js', 33, 41, '(anonymous) src/orders.js:33:41'],
  ['addOrder', 'order-cache/index.js', 3, 10, 'addOrder order-cache/index.js:3:10'],
  ['(anonymous)', '', 2, 8, '(anonymous) (eval):2:8'],
  ['(anonymous)', '', 0, 0, '(anonymous) (eval)'],
  ['(unobserved)', '', 0, 0, '(unobserved)'],
])('%s of "%s" at %i:%i is shown as %5$s', (functionName, shortFile, line, column, label) => {
  expect(siteLabel({ functionName, shortFile, line, column })).toBe(label);
});

test.each([
  ['readFileSync', 'node:fs', true],
  ['(anonymous)', 'node:internal/timers', true],
  ['parse', '', true],
  ['(GC)', '', true],
  ['(BYTECODE_COMPILER)', '', true],
  ['(anonymous)', '', false],
  ['parse', '/app/parse.js', false],
  ['(GC)', '/app/parse.js', false],
])('%s of "%s" is of the runtime: %s', (functionName, file, expected) => {
  expect(isRuntimeFrame(functionName, file)).toBe(expected);
});

describe('a renamed process', () => {
  test('keeps its call sites, which get the new name', () => {
    const { sites, siteOf, of } = newSites();
    const before = siteOf(frameOf('parse'));
    const shown = of(frameOf('parse'));
    sites.components.rename('shop');
    expect(siteOf(frameOf('parse'))).toBe(before);
    expect([shown.component, of(frameOf('other')).component]).toEqual(['shop', 'shop']);
  });

  test('does not rename wrapped components', () => {
    const { sites, of } = newSites();
    const { lineNumber, columnNumber, scriptId = '' } = { ...frameOf('run'), scriptId: '7' };
    sites.components.addFunction({ scriptId, lineNumber, columnNumber }, 'mailer');
    const run = { ...frameOf('run'), scriptId };
    expect(of(run, frameOf('send')).component).toBe('mailer');
    sites.components.rename('shop');
    expect([of(run, frameOf('send')).component, of(frameOf('send')).component]).toEqual(['mailer', 'shop']);
  });
});

describe('the nearest caller of a stack', () => {
  const { tree, sites, siteOf } = newSites();
  const stackOf = (...stack: RawFrame[]) => stack.reduce((parent, frame) => tree.child(parent, frame), ROOT);
  const any = () => true;
  const stack = [frameOf('main'), frameOf('route'), NODE('timers'), frameOf('parse'), frameOf('parse')];

  test('is one to which something was charged, also if that happens later', () => {
    const node = stackOf(...stack);
    siteOf(...stack);
    expect(sites.nearestCaller(node, any)).toBeUndefined();
    const main = siteOf(frameOf('main'));
    expect(sites.nearestCaller(node, any)).toBe(main);
    const route = siteOf(frameOf('main'), frameOf('route'));
    expect(sites.nearestCaller(node, any)).toBe(route);
    siteOf(frameOf('other'));
    expect(sites.nearestCaller(node, any)).toBe(route);
  });

  test('is the nearest wanted one', () => {
    const node = stackOf(...stack);
    const [main, route] = [siteOf(frameOf('main')), siteOf(frameOf('main'), frameOf('route'))];
    expect(sites.nearestCaller(node, (site) => site !== route)).toBe(main);
    expect(sites.nearestCaller(node, () => false)).toBeUndefined();
  });

  test('is never the function itself', () => {
    const asked: number[] = [];
    const wants = (site: number) => asked.push(site) === 0;
    sites.nearestCaller(stackOf(...stack), wants);
    expect(asked).not.toContain(siteOf(...stack));
  });
});
