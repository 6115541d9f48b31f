// An application with one function and a source map.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type { Frame } from '../../../src/profiler-thread/ledger/state/call-tree.js';
import { FrameResolver, type FrameResolverOptions } from '../../../src/profiler-thread/symbolize/index.js';

/** `b` of the program is `build` in line 3 of `src/build.ts`. */
export const PROGRAM = 'function b(o){return o}\n';
export const AT = { functionName: 'b', line: 1, column: 11 };
export const MAP = { version: 3, sources: ['../src/build.ts'], names: ['build'], mappings: 'AAEA,SAASA' };
export const ORIGINAL = { functionName: 'build', line: 3, column: 10 };

export interface Files {
  readonly [name: string]: string | Buffer;
}

/** Lays out an application and resolves the function of `dist/main.js`. */
export function resolverIn(files: Files, options: FrameResolverOptions = {}) {
  const folder = tempFolder();
  const all: Files = { 'package.json': '{"name":"app","version":"1.2.3"}', ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  const reports: string[] = [];
  const resolver = new FrameResolver({
    report: (text) => reports.push(text.replaceAll(folder, '')),
    ...options,
  });
  const of = (frame: Partial<Frame> = {}) => {
    const { functionName, file, line, column } = resolver.of(frameIn(folder, frame));
    return { functionName, file: path.relative(folder, file), line, column };
  };
  return { folder, resolver, reports, of };
}

export const frameIn = (folder: string, frame: Partial<Frame>): Frame => ({
  ...AT,
  file: path.join(folder, 'dist/main.js'),
  scriptId: '7',
  ...frame,
});
export const GENERATED = { ...AT, file: 'dist/main.js' };
export const RESOLVED = { ...ORIGINAL, file: 'src/build.ts' };
export const base64 = (text: string) =>
  `data:application/json;charset=utf-8;base64,${Buffer.from(text).toString('base64')}`;
export const json = JSON.stringify(MAP);
export const withMap = (url: string, program = PROGRAM) => `${program}//# sourceMappingURL=${url}\n`;
