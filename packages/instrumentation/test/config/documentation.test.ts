import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { optionsMarkdown } from '../../src/config/index.js';

test('docs/configuration.md contains the table of the options', () => {
  const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toContain(optionsMarkdown().trimEnd());
});
