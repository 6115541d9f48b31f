import type { GrowingCapture, MemrayLocation } from '@heapray/exporter/memray';
import { packageOf } from '../inputs/package-of.js';

/** What belongs to no package, as memray calls it. */
export const ROOT_PACKAGE = '<root>';

const NODE_LIBDEST = 'node:internal';
const PACKAGE_FOLDERS: ReadonlySet<string> = new Set(['site-packages', 'dist-packages']);
const STANDARD_LIBRARY = /^python\d+(?:\.\d+)?$/;

/**
 * Says which package a stack of this capture belongs to. In a capture of format 13 by the folders its header
 * names and memray's rules; before, by where Python keeps packages; in one of a Node program, the npm package.
 */
export function packageResolver(capture: GrowingCapture): (stack: number) => string {
  const { libdest = '', sitePackages = [] } = capture.header ?? {};
  const known = new Map<number, string>();
  const find = (stack: number): string => {
    if (libdest === NODE_LIBDEST) return npmPackage(capture.wholeStack(stack));
    if (libdest !== '' || sitePackages.length > 0) return capture.moduleOf(stack);
    return pythonPackage(capture.wholeStack(stack));
  };
  return (stack) => {
    const found = known.get(stack) ?? find(stack);
    known.set(stack, found);
    return found;
  };
}

/** That of the innermost frame that is not of the runtime. */
function npmPackage(stack: Iterable<MemrayLocation>): string {
  for (const { file } of stack) {
    const name = packageOf(file);
    if (name !== 'node:') return name || ROOT_PACKAGE;
  }
  return 'node:';
}

/** That of the innermost frame that is not of the standard library. */
function pythonPackage(stack: Iterable<MemrayLocation>): string {
  for (const { file } of stack) {
    const name = pythonPackageOfFile(file);
    if (name !== undefined) return name === 'memray' ? ROOT_PACKAGE : name;
  }
  return ROOT_PACKAGE;
}

/** Undefined for the standard library. */
function pythonPackageOfFile(file: string): string | undefined {
  if (file.startsWith('<frozen ')) return undefined;
  const parts = file.split('/');
  const folder = parts.findLastIndex((part) => PACKAGE_FOLDERS.has(part));
  if (folder >= 0) return withoutExtension(parts[folder + 1] ?? '');
  const library = parts
    .slice(0, -1)
    .some((part, at) => parts[at - 1] === 'lib' && STANDARD_LIBRARY.test(part));
  if (library) return undefined;
  const own = parts.at(-1) === '__init__.py' ? parts.at(-2) : parts.at(-1);
  return withoutExtension(own ?? '') || 'unknown';
}

function withoutExtension(name: string): string {
  return name.split('.', 1)[0]!;
}
