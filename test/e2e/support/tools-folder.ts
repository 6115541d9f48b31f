// Makes a user's project with bundlers and compilers: the application of the fixture, and the tools to build it.
import { cpSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type NodeLine, nodeBinary } from '../../support/peers.js';
import { project } from '../../support/projects.js';
import { type CommandResult, runCommand } from '../../support/run-command.js';
import { tempFolder } from '../../support/temp-folder.js';

/** Makes a folder with the fixture's own files, and with its node_modules. */
export function toolsFolder(): string {
  const folder = tempFolder();
  const source = project('build-tools');
  for (const entry of readdirSync(source)) {
    if (entry === 'node_modules' || entry === '.next' || entry === '.complete') continue;
    cpSync(path.join(source, entry), path.join(folder, entry), { recursive: true });
  }
  symlinkSync(path.join(source, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

/** Runs a shell line as a user of the project does; fails with everything that it printed. */
export async function runLine(line: string, folder: string, node: NodeLine = '24'): Promise<CommandResult> {
  const bins = [path.dirname(nodeBinary(node)), path.join(project('build-tools'), 'node_modules', '.bin')];
  const env = {
    PATH: [...bins, process.env.PATH].join(path.delimiter),
    NEXT_TELEMETRY_DISABLED: '1',
    HEAPRAY_ENABLED: undefined,
  };
  const result = await runCommand('sh', ['-c', line], { cwd: folder, env });
  expect(result.status, `${line}\n${result.stdout}${result.stderr}`).toBe(0);
  return result;
}

export interface AppReport {
  /** The sampler's mode; 'none' without profiling. */
  readonly mode: string;
  /** All messages above debug, as `level: text`. */
  readonly messages: readonly string[];
}

/** Runs the fixture's application, or a bundle of it. */
export async function runBuiltApp(file: string, folder: string, node: NodeLine = '24'): Promise<AppReport> {
  const { stdout } = await runLine(`node ${file}`, folder, node);
  return JSON.parse(stdout) as AppReport;
}

/** Returns warnings and errors. */
export function problems({ messages }: AppReport): string[] {
  return messages.filter((text) => /^(warn|error):/.test(text));
}
