// Settings of a preloaded jemalloc, from /proc.
import { expect, test } from 'vitest';
import { jemallocSettings } from '../../../src/profiler-thread/native/jemalloc-settings.js';

const MAPS = `55d0-55d1 r--p 00000000 fe:00 1  /usr/lib/libjemalloc.so.2
55d1-55d2 r-xp 00001000 fe:00 1  /usr/lib/libjemalloc.so.2
55d3-55d4 r-xp 00000000 00:00 0  [vdso]
`;

function settingsOf(maps: string, environ: string) {
  return jemallocSettings((file) => (file === '/proc/self/maps' ? maps : environ));
}

test('finds the library and the interval of its dumps', () => {
  const environ = 'HOME=/\0MALLOC_CONF=narenas:2,prof:true,lg_prof_interval:30\0A=b\0';
  expect(settingsOf(MAPS, environ)).toEqual({ library: '/usr/lib/libjemalloc.so.2', dumpInterval: 2 ** 30 });
});

test.each([
  'MALLOC_CONF=prof:true',
  'MALLOC_CONF=prof:true,lg_prof_interval:60',
  'MALLOC_CONF=prof:true,lg_prof_interval:x',
])('provokes no dumps with %s', (environ) => {
  expect(settingsOf(MAPS, environ)).toMatchObject({ dumpInterval: undefined });
});

test.each([
  ['jemalloc is not loaded', '', 'MALLOC_CONF=prof:true'],
  ['does not profile', MAPS, 'HOME=/\0XMALLOC_CONF=prof:true\0'],
  ['does not profile', MAPS, 'MALLOC_CONF=prof:false'],
])('says that it %s', (text, maps, environ) => {
  expect(settingsOf(maps, environ)).toContain(text);
});

test('says that /proc cannot be read', () => {
  const refuse = () => {
    throw new Error('EACCES');
  };
  expect(jemallocSettings(refuse)).toBe('/proc cannot be read: EACCES');
});
