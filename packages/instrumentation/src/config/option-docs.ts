import { OPTION_NAMES, OPTIONS } from './options.js';
import type { OptionName } from './types.js';

/** Documentation of one option. */
export interface OptionDoc {
  readonly name: OptionName;
  /** Variables, strongest first. */
  readonly env: readonly string[];
  /** `[section] key`, strongest first. */
  readonly file: readonly string[];
  /** Allowed values. */
  readonly allowed: string;
  readonly default: string;
  readonly description: string;
}

/** Returns the documentation of every option, in the order of the table. */
export function describeOptions(): OptionDoc[] {
  return OPTION_NAMES.map((name) => {
    const { env, file, kind, default: value, defaultText, description } = OPTIONS[name];
    return {
      name,
      env,
      file: file.map(({ section, key }) => `[${section}] ${key}`),
      allowed: kind.allowed,
      default: defaultText ?? String(value),
      description,
    };
  });
}

const HEAD = ['Option', 'Environment', 'File', 'Takes', 'Default', 'Meaning'];

/** Returns the table of options in Markdown; ends with a line feed. */
export function optionsMarkdown(): string {
  const code = (text: string): string => `\`${text}\``;
  const rows = describeOptions().map((option) => [
    code(option.name),
    option.env.map(code).join(', '),
    option.file.map(code).join(', '),
    option.allowed,
    option.default,
    option.description,
  ]);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/[\\|]/g, '\\$&')).join(' | ')} |`;
  return `${[line(HEAD), line(HEAD.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
