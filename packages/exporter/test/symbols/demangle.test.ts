// Names of C++ and Rust functions as a reader wants them.
import { expect, test, vi } from 'vitest';
import { demangled } from '../../src/symbols/demangle.js';

test.each([
  ['_ZN4node24NodeArrayBufferAllocator8AllocateEm', 'node::NodeArrayBufferAllocator::Allocate'],
  ['_Znwm', 'operator new'],
  ['_Znam', 'operator new[]'],
  ['_ZN4node12_GLOBAL__N_111ZlibContext4InitEv', 'node::(anonymous)::ZlibContext::Init'],
  ['_ZNK3foo3barEv', 'foo::bar'],
  ['_ZNSt6vectorIiSaIiEE9push_backERKi', 'std::vector::push_back'],
  ['_ZZN4node3fooEvENKUlvE_clEv', 'node::foo::{lambda#1}::operator()'],
  ['_Z1fI3FooIiEEvT_.constprop.0', 'f'],
  ['_ZN3foolsERKS_', 'foo::operator<<'],
  ['_ZN3foogtEv', 'foo::operator>'],
  ['_ZN3fooptEv', 'foo::operator->'],
  ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
  ['_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE', 'core::fmt::Write::write_fmt'],
])('decodes %s', (name, decoded) => {
  expect(demangled(name)).toBe(decoded);
});

test.each(['malloc', '', '_Z', '_ZN', '_ZN4node', '_ZN9', '_R', 'ZN3foo', '_ZN4node99xE'])(
  'returns %j unchanged',
  (name) => {
    expect(demangled(name)).toBe(name);
  },
);

test('returns names unchanged whose decoded form could be huge', () => {
  const pairs = Array.from({ length: 30 }, (_, at) => `St4pairIS${at}_S${at}_E`).join('');
  expect(demangled(`_Z1fSt4pairIiiE${pairs}`)).toMatch(/^_Z1f/);
  expect(demangled(`_Z${'N'.repeat(5000)}`)).toMatch(/^_ZN/);
});

test('decodes names after one that makes the decoder fail', () => {
  demangled(`_Z1f${'P'.repeat(2000)}i`);
  expect(demangled('_Znwm')).toBe('operator new');
});

test('decodes names when two copies of the package run in one process', async () => {
  const copy = async () => {
    vi.resetModules();
    return (await import('../../src/symbols/demangle.js')).demangled;
  };
  const [one, two] = [await copy(), await copy()];
  expect(one).not.toBe(two);
  for (const demangle of [one, two, one]) {
    expect(demangle('_ZNK3foo3barEv')).toBe('foo::bar');
    expect(demangle('_RNvCs1234_7mycrate3foo')).toBe('mycrate::foo');
  }
});
