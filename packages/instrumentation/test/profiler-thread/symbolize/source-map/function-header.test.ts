import { describe, expect, test } from 'vitest';
import { functionHeader } from '../../../../src/profiler-thread/symbolize/source-map/function-header.js';

/** Parses the head at the mark ▮; returns the texts at its start and at each part of the name. */
function headerOf(marked: string, functionName: string) {
  const at = marked.indexOf('▮');
  const text = marked.replace('▮', '');
  const { start, name } = functionHeader(text, at, functionName);
  const places = name.map(({ text: part, offset }) =>
    offset === undefined ? `${part}?` : `${part}@${offset}${text.startsWith(part, offset) ? '' : '!'}`,
  );
  return { head: text.slice(start, at), name: places.join(' ') };
}

describe('start positions of functions according to V8', () => {
  test.each([
    ['function a▮(){}', 'a', 'function a', 'a@9'],
    ['async function a▮(){}', 'a', 'async function a', 'a@15'],
    ['function*a▮(){}', 'a', 'function*a', 'a@9'],
    ['async function * a ▮(){}', 'a', 'async function * a ', 'a@17'],
    ['x;var a=function▮(){}', 'a', 'function', 'a@6'],
    ['a=async function*▮(){}', 'a', 'async function*', 'a@0'],
    ['a=function b▮(){}', 'b', 'function b', 'b@11'],
    ['const a=▮()=>1', 'a', '', 'a@6'],
    ['const a=▮e=>1', 'a', '', 'a@6'],
    ['const a = ▮async e=>1', 'a', '', 'a@6'],
    ['a??=▮()=>1', 'a', '', 'a@0'],
    ['a||=▮()=>1', 'a', '', 'a@0'],
    ['({a:▮()=>1})', 'a', '', 'a@2'],
    ['({a:function▮(){}})', 'a', 'function', 'a@2'],
    ['({a▮(){}})', 'a', 'a', 'a@2'],
    ['({async*a▮(){}})', 'a', '*a', 'a@8'],
    ['({get a▮(){}})', 'get a', 'get a', 'a@6'],
    ['class{static async a▮(){}}', 'a', 'static async a', 'a@19'],
    ['class{#a▮(){}}', '#a', '#a', '#a@6'],
    ['({"a-b"▮(){}})', 'a-b', '"a-b"', 'a-b?'],
    ['({"a-b":▮()=>1})', 'a-b', '', 'a-b?'],
    ['({[x]▮(){}})', 'a', ']', 'a?'],
    ['f(▮e=>1)', '', '', ''],
    ['f(function▮(){})', '', 'function', ''],
    ['var ab=1;b=▮()=>1', 'b', '', 'b@9'],
    ['$=▮()=>1', '$', '', '$@0'],
    ['größe=▮()=>1', 'größe', '', 'größe@0'],
    ['a=b||function▮(){}', 'a', 'function', 'a@0'],
    ['a=b?▮()=>1:c', 'a', '', 'a@0'],
    ['a=1;f(▮()=>1)', 'a', '', 'a?'],
    ['a==b?▮()=>1:c', 'a', '', 'a?'],
  ])('%s (%s)', (marked, functionName, head, name) => {
    expect(headerOf(marked, functionName)).toEqual({ head, name });
  });
});

describe("constructors and initialisers have the class's name", () => {
  test.each([
    ['class a{constructor▮(e){}}', 'a@6'],
    ['class a extends b{constructor▮(e){}}', 'a@6'],
    ['let a=class{constructor▮(e){}}', 'a@4'],
    ['let a=new class{x▮=1}', 'a@4'],
    ['class a{f(){let a=1}constructor▮(e){}}', 'a@6'],
    ['class a{};class a{constructor▮(e){}}', 'a@16'],
    ['class aa{};class a{constructor▮(){}};', 'a@17'],
    ['▮class a{}', 'a@6'],
    ['a=▮class{}', 'a@0'],
    ['class a▮{x=[]}', 'a@6'],
    ['class a{▮x=[]}', 'a@6'],
    ['class a{y=1;▮static{}}', 'a@6'],
    [`class a{x="${'-'.repeat(10_000)}";constructor▮(){}}`, 'a@6'],
  ])('%s', (marked, name) => {
    expect(headerOf(marked, 'a').name).toBe(name);
  });

  test('a method called constructor', () => {
    expect(headerOf('({constructor▮(){}})', 'constructor').name).toBe('constructor@2');
  });
});

describe('names with a path', () => {
  test.each([
    ['a.b=function▮(){}', 'a.b', 'a@0 b@2'],
    ['a.b.c=▮()=>1', 'a.b.c', 'a@0 b@2 c@4'],
    ['a.prototype.b=function▮(){}', 'a.b', 'a@0 b@12'],
    ['x.a.b=function▮(){}', 'z.b', 'z? b@4'],
    ['a["b"]=function▮(){}', 'a.b', 'a? b?'],
    ['x.a=class{constructor▮(){}}', 'x.a', 'x@0 a@2'],
    ['a.b▮(){}', 'a.', 'a? ?'],
  ])('%s (%s)', (marked, functionName, name) => {
    expect(headerOf(marked, functionName).name).toBe(name);
  });
});

test('long heads, names and texts are parsed quickly', () => {
  const blanks = ' '.repeat(1_000_000);
  for (const text of [
    blanks,
    `class ${blanks}`,
    'class a '.repeat(100_000),
    'a='.repeat(500_000),
    'a.'.repeat(500_000),
  ]) {
    expect(headerOf(`${text}▮()`, 'a').name).toBeTypeOf('string');
  }
  expect(headerOf('a=▮()', 'x'.repeat(10_000))).toEqual({ head: '', name: '' });
});
