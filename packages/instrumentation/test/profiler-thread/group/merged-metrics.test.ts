import { expect, test, vi } from 'vitest';
import { mergedMetrics } from '../../../src/profiler-thread/group/merge/merged-metrics.js';

const page = (value: number) => `# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="shop",process_pid="7"} 1
# HELP polls_total Number of polls
# TYPE polls_total counter
polls_total ${value}
# HELP poll_seconds Duration
# TYPE poll_seconds histogram
poll_seconds_count{mode="a"} ${value}
poll_seconds_sum{mode="a"} 0.5
poll_seconds_bucket{mode="a",le="+Inf"} ${value} 1700000000000
`;

test('describes each metric once, and labels each series with process and component', () => {
  const texts = [
    { pid: 7, component: 'shop', text: page(1) },
    { pid: 8, component: 'a"b\\', text: page(2) },
  ];
  const missed = vi.fn();
  expect(mergedMetrics(texts, missed)).toBe(`# HELP target_info Target metadata
# TYPE target_info gauge
target_info{heapray_component="shop",service_name="shop",process_pid="7"} 1
target_info{heapray_component="a\\"b\\\\",service_name="shop",process_pid="7"} 1
# HELP polls_total Number of polls
# TYPE polls_total counter
polls_total{process_pid="7",heapray_component="shop"} 1
polls_total{process_pid="8",heapray_component="a\\"b\\\\"} 2
# HELP poll_seconds Duration
# TYPE poll_seconds histogram
poll_seconds_count{process_pid="7",heapray_component="shop",mode="a"} 1
poll_seconds_sum{process_pid="7",heapray_component="shop",mode="a"} 0.5
poll_seconds_bucket{process_pid="7",heapray_component="shop",mode="a",le="+Inf"} 1 1700000000000
poll_seconds_count{process_pid="8",heapray_component="a\\"b\\\\",mode="a"} 2
poll_seconds_sum{process_pid="8",heapray_component="a\\"b\\\\",mode="a"} 0.5
poll_seconds_bucket{process_pid="8",heapray_component="a\\"b\\\\",mode="a",le="+Inf"} 2 1700000000000
`);
  expect(missed).not.toHaveBeenCalled();
});

test('leaves out a text that is not in the format, and counts it', () => {
  const missed = vi.fn();
  const texts = [
    { pid: 7, component: 'shop', text: 'x 1\n' },
    { pid: 8, component: 'shop', text: 'y 1\n<html>\n' },
  ];
  expect(mergedMetrics(texts, missed)).toBe('x{process_pid="7",heapray_component="shop"} 1\n');
  expect(missed).toHaveBeenCalledTimes(1);
});
