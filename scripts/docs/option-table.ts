import type { OptionDoc } from '../../packages/instrumentation/src/config/index.js';
import { markdownTable } from './markdown-table.ts';

const HEAD = ['Option', 'Environment', 'File', 'Takes', 'Default', 'Meaning'];

/** Returns the table of docs/configuration.md in Markdown; ends with a line feed. */
export function optionTable(options: readonly OptionDoc[]): string {
  const rows = options.map((option) => [
    code(option.name),
    option.env.map(code).join(', '),
    option.file.map(code).join(', '),
    option.allowed,
    option.default,
    option.description,
  ]);
  return markdownTable(HEAD, rows);
}

function code(text: string): string {
  return `\`${text}\``;
}
