import { addressText, type ListenAddress } from '@heapray/exporter/http';
import {
  describeOptions,
  nodeConfigInput,
  type OptionDoc,
  type ResolvedConfig,
  resolveConfig,
} from '@heapray/instrumentation/config';
import type { Command } from 'commander';
import { note } from '../io/note.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { formatTable } from '../outputs/table.js';
import { printable } from '../text/printable.js';

/** Defaults that apply only when heapray is started without code; see the option `debugAddress`. */
const ZERO_CODE_DEFAULTS = { debugAddress: '127.0.0.1:6464' };

export function addConfig(program: Command): void {
  program
    .command('config')
    .summary('show the options of this environment')
    .description(
      'Shows the options of a program started in this environment, and the source of each. Fails for a value with ' +
        'which Airflow would not start. For other invalid values, the default or a safe value is used.',
    )
    .option('--json', 'print JSON')
    .action(config);
}

async function config({ json }: { readonly json?: true }): Promise<void> {
  // The main script of this process is not that of the program.
  const refused: string[] = [];
  const resolved = resolveConfig({
    ...nodeConfigInput(),
    mainScript: undefined,
    defaults: ZERO_CODE_DEFAULTS,
    onRefused: (error, ofAirflow, effect) => {
      if (ofAirflow) throw error;
      refused.push(`${error.message}; ${effect}`);
    },
  });
  if (json) return writeJson(asJson({ ...resolved, warnings: [...refused, ...resolved.warnings] }));
  for (const error of refused) note(`error: ${error}`);
  for (const warning of resolved.warnings) note(`warning: ${warning}`);
  await writeStdout([asTable(resolved)]);
}

/**
 * Returns the JSON output. Lists the keys explicitly, because they are a contract, whatever else a resolved
 * configuration contains.
 */
function asJson(resolved: ResolvedConfig): unknown {
  const { components, detailed, home, configFile = null, sources, warnings } = resolved;
  const shown = describeOptions().map((option) => [option.name, hidden(option, resolved)]);
  return { components, detailed, home, configFile, options: Object.fromEntries(shown), sources, warnings };
}

function asTable(resolved: ResolvedConfig): string {
  const rows = describeOptions().map((option) => [
    option.name,
    printable(display(hidden(option, resolved))),
    printable(resolved.sources[option.name] ?? ''),
  ]);
  return formatTable([['OPTION', 'VALUE', 'FROM'], ...rows], 0);
}

/** Returns the value of an option, or a text in place of a secret. */
function hidden({ name, isSecret }: OptionDoc, { options }: ResolvedConfig): unknown {
  const value = options[name];
  return isSecret && value !== undefined ? '(hidden)' : value;
}

function display(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return addressText(value as ListenAddress);
}
