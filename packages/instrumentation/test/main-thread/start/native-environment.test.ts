// Children of a natively profiled process do without jemalloc.
import { afterEach, expect, test } from 'vitest';
import { keepJemallocFromChildren } from '../../../src/main-thread/start/native-environment.js';

const saved = { ...process.env };
afterEach(() => {
  for (const name of ['LD_PRELOAD', 'MALLOC_CONF']) {
    if (saved[name] === undefined) delete process.env[name];
    else process.env[name] = saved[name];
  }
});

test.each([
  ['/usr/lib/libjemalloc.so.2', undefined],
  ['/usr/lib/libjemalloc.so.2:/opt/liba.so', '/opt/liba.so'],
  ['/opt/liba.so /usr/lib/libjemalloc.so.2:/opt/libb.so', '/opt/liba.so:/opt/libb.so'],
  ['/opt/liba.so', '/opt/liba.so'],
])('takes jemalloc out of LD_PRELOAD=%s', (given, left) => {
  process.env.LD_PRELOAD = given;
  keepJemallocFromChildren();
  expect(process.env.LD_PRELOAD).toBe(left);
});

test.each([
  ['prof:true,lg_prof_sample:17,prof_prefix:/tmp/x', undefined],
  ['narenas:2,prof:true,lg_prof_interval:30,tcache:false', 'narenas:2,tcache:false'],
  ['prof:true,narenas:2', 'narenas:2'],
])('takes the profiler out of MALLOC_CONF=%s', (given, left) => {
  process.env.MALLOC_CONF = given;
  keepJemallocFromChildren();
  expect(process.env.MALLOC_CONF).toBe(left);
});

test('sets nothing that was not set', () => {
  delete process.env.LD_PRELOAD;
  keepJemallocFromChildren();
  expect('LD_PRELOAD' in process.env).toBe(false);
});
