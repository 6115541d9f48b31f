import { describe, expect, test } from 'vitest';
import { CallSites, isRuntimeFrame } from '../../src/ledger/call-site.js';
import { CallTree, type RawFrame, ROOT } from '../../src/ledger/call-tree.js';
import { frameOf } from '../support/readings.js';

const NODE = (name: string): RawFrame => ({ ...frameOf(name), url: `node:internal/${name}` });
const NATIVE = (name: string): RawFrame => ({
  functionName: name,
  url: '',
  lineNumber: -1,
  columnNumber: -1,
});

/** The call site of a stack, outermost frame first. */
function siteOf(...stack: RawFrame[]) {
  const tree = new CallTree({ maxNodes: 100 });
  const sites = new CallSites(tree, { packageOf: (file) => `package of ${file}` }, 'api');
  const node = stack.reduce((parent, frame) => tree.child(parent, frame), ROOT);
  return sites.site(sites.siteOf(node));
}

describe('the call site of a stack', () => {
  test('is its innermost function', () => {
    expect(siteOf(frameOf('main'), frameOf('parse'))).toEqual({
      functionName: 'parse',
      file: '/app/parse.js',
      packageName: 'package of /app/parse.js',
      component: 'api',
    });
  });

  test('is the code that called the runtime', () => {
    expect(siteOf(frameOf('main'), frameOf('read'), NODE('fs')).functionName).toBe('read');
    expect(siteOf(frameOf('main'), NATIVE('parse')).functionName).toBe('main');
    expect(siteOf(frameOf('main'), NODE('timers'), NODE('async_hooks'), NATIVE('(GC)')).functionName).toBe(
      'main',
    );
  });

  test('is the innermost frame when all are of the runtime', () => {
    expect(siteOf(NODE('bootstrap'), NODE('loader'))).toMatchObject({ functionName: 'loader' });
    expect(siteOf(NATIVE('(V8 API)'))).toMatchObject({ functionName: '(V8 API)', file: '' });
  });

  test('is a place of its own for the empty stack', () => {
    expect(siteOf()).toMatchObject({ functionName: '(root)', file: '' });
  });
});

test('stacks that end in the same function share a call site', () => {
  const tree = new CallTree({ maxNodes: 100 });
  const asked: string[] = [];
  const sites = new CallSites(
    tree,
    {
      packageOf: (file) => {
        asked.push(file);
        return 'app';
      },
    },
    'api',
  );
  const one = tree.child(tree.child(ROOT, frameOf('one')), frameOf('parse'));
  const two = tree.child(tree.child(ROOT, frameOf('two')), frameOf('parse'));
  const native = tree.child(two, NATIVE('slice'));
  expect(sites.siteOf(one)).toBe(sites.siteOf(two));
  expect(sites.siteOf(native)).toBe(sites.siteOf(two));
  expect(sites.siteOf(one)).toBe(sites.siteOf(one));
  expect(sites.size).toBe(1);
  expect(asked).toEqual(['/app/parse.js']);
});

test('functions of the same name in two files are two call sites', () => {
  const tree = new CallTree({ maxNodes: 100 });
  const sites = new CallSites(tree, { packageOf: () => 'shop' }, 'api');
  const here = tree.child(ROOT, frameOf('parse'));
  const there = tree.child(ROOT, { ...frameOf('parse'), url: 'file:///app/other.js' });
  expect(sites.siteOf(here)).not.toBe(sites.siteOf(there));
});

test('an index that was never given out is refused', () => {
  const sites = new CallSites(new CallTree({ maxNodes: 10 }), { packageOf: () => 'shop' }, 'api');
  expect(() => sites.site(0)).toThrow('no call site 0');
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
