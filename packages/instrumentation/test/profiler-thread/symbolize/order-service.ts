// The small service of fixtures/, laid out in a folder of its own, and its frames as V8 reports them.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../../../../test/support/run-command.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { CallTree, type Frame, ROOT } from '../../../src/profiler-thread/ledger/state/call-tree.js';

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
const SAMPLE_HEAP = fileURLToPath(new URL('sample-heap.mjs', import.meta.url));
const TSC = fileURLToPath(new URL('../../../../../node_modules/typescript/bin/tsc', import.meta.url));

/** Lays out the service in a new folder, with the stored bundles in `dist`. Returns the folder. */
export function orderService(): string {
  const folder = tempFolder();
  layOut(FIXTURES, folder, ['package.json']);
  layOut(path.join(FIXTURES, 'src'), path.join(folder, 'src'));
  layOut(path.join(FIXTURES, 'built'), path.join(folder, 'dist'));
  layOut(path.join(FIXTURES, 'tiny-queue'), path.join(folder, 'node_modules', 'tiny-queue'));
  return folder;
}

function layOut(from: string, to: string, only?: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const stored of readdirSync(from)) {
    const name = path.basename(stored, '.txt');
    if (name === stored || (only && !only.includes(name))) continue;
    cpSync(path.join(from, stored), path.join(to, name));
  }
}

/** Compiles the service's `src` into `dist` with the installed TypeScript. */
export async function compile(folder: string, options: Record<string, unknown>): Promise<void> {
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    lib: ['es2023'],
    types: [],
    strict: true,
    noImplicitAny: false,
    rootDir: 'src',
    outDir: 'dist',
    ...options,
  };
  const config = path.join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions, include: ['src'] }));
  const { status, stdout } = await runCommand(process.execPath, [TSC, '-p', config]);
  if (status !== 0) throw new Error(`tsc failed:\n${stdout}`);
}

/** Runs a program and returns the frames of files in its folder that hold memory according to V8. */
export async function sampledFrames(node: string, folder: string, program: string): Promise<Frame[]> {
  // Optimised code has no frames for inlined functions.
  const args = ['--no-opt', '--no-maglev', SAMPLE_HEAP, path.join(folder, program)];
  const { status, stdout, stderr } = await runCommand(node, args, { cwd: folder });
  if (status !== 0) throw new Error(`${program} failed:\n${stderr}`);
  const tree = new CallTree({ maxNodes: 10_000 });
  const frames = (JSON.parse(stdout) as Parameters<CallTree['child']>[1][]).map(
    (raw) => tree.frame(tree.child(ROOT, raw)) as Frame,
  );
  return frames.filter(({ file }) => file.startsWith(folder));
}

/** Returns the number of the only line that contains a text, from 1. Throws if there is not exactly one. */
export function lineOf(folder: string, source: string, text: string): number {
  const lines = readFileSync(path.join(folder, source), 'utf8').split('\n');
  const found = lines.flatMap((line, index) => (line.includes(text) ? [index + 1] : []));
  if (found.length !== 1) throw new Error(`${text} is in ${found.length} lines of ${source}`);
  return found[0] as number;
}
