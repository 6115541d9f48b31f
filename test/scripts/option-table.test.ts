import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeOptions } from '../../packages/instrumentation/src/config/index.js';
import { optionTable } from '../../scripts/docs/option-table.js';

const table = optionTable(describeOptions());

test('docs/configuration.md contains the table of the options', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toContain(table.trimEnd());
});

test('formats a row of the Markdown table', () => {
  const lines = table.split('\n');
  expect(lines).toHaveLength(describeOptions().length + 3);
  expect(lines[3]).toBe(
    '| `samplingInterval` | `HEAPRAY_SAMPLING_INTERVAL` | `[heapray] sampling_interval` | ' +
      'an integer from 1 to 1073741824 (bytes) | 65536; up to 524288 for large heaps and busy programs | Mean number of allocated bytes between two samples. |',
  );
  for (const line of lines.slice(0, -1)) expect(line.replaceAll('\\|', '').split('|')).toHaveLength(8);
});
