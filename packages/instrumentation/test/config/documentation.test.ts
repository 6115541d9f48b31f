import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { optionsMarkdown } from '../../src/config/index.js';

test('docs/configuration.md holds the table that the options make', () => {
  const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toContain(optionsMarkdown().trimEnd());
});
