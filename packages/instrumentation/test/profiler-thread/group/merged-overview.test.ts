import { expect, test } from 'vitest';
import { mergedOverview } from '../../../src/profiler-thread/group/merge/merged-overview.js';

test.each([
  ['text', 'hello'],
  ['null', 'null'],
  ['another version', '{"format":"heapray-overview","version":2,"refreshSeconds":5,"subjects":[]}'],
  ['no subjects', '{"format":"heapray-overview","version":1,"refreshSeconds":5}'],
  ['a subject without links', '{"format":"heapray-overview","version":1,"refreshSeconds":5,"subjects":[{}]}'],
])('leaves out and counts the overview of a member when it is %s', (_, body) => {
  const answer = (pid: number, text: string) => ({
    id: pid,
    pid,
    component: 'shop',
    answer: { type: 'application/json', body: text },
  });
  const subject = { name: 'shop', downloads: [{ title: 'heap', href: '/debug/pprof/heap' }] };
  const own = { format: 'heapray-overview', version: 1, refreshSeconds: 5, subjects: [subject] };
  let missed = 0;
  const merged = mergedOverview([answer(1, JSON.stringify(own)), answer(2, body)], () => missed++);
  expect(merged?.subjects).toEqual([
    {
      name: 'shop, process 1',
      component: '1',
      downloads: [{ title: 'heap', href: '/debug/pprof/heap?pid=1' }],
    },
  ]);
  expect(missed).toBe(1);
});
