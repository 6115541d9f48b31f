import { existsSync } from 'node:fs';
import path from 'node:path';
import { installedCopy, isBundled, lookupFiles, requireFrom } from '../../installation.js';
import { describeThrown } from '../../protocol/describe-thrown.js';
import { process, StringPrototypeIncludes } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

const PACKAGE = '@datadog/pprof';
const MANIFEST = `${PACKAGE}/package.json`;
const BINDINGS = './out/src/heap-profiler-bindings.js';

/** The part of `@datadog/pprof`'s native binding that heapray uses. */
export interface SamplerBinding {
  startSamplingHeapProfiler(intervalBytes: number, stackDepth: number): void;
  getAllocationProfile(): BindingNode;
}
/** A node of the binding's profile; V8 has scaled counts like sizes. Lines count from 1. */
export interface BindingNode {
  readonly name: string;
  readonly scriptName: string;
  readonly scriptId: number;
  readonly lineNumber: number;
  readonly columnNumber: number;
  readonly children: readonly BindingNode[];
  readonly allocations: readonly { readonly sizeBytes: number; readonly count: number }[];
}

/** The binding, or the reason why there is none. */
export type LoadedBinding =
  | {
      readonly binding: SamplerBinding;
      /** Path of its module. */
      readonly file: string;
    }
  | { readonly binding: undefined; readonly problem: string };

/**
 * Loads only the native binding of `@datadog/pprof`, not its JavaScript, which includes encoders and a source
 * map library that heapray does not need. Never throws.
 *
 * @param files files from which the package is looked up, as for `createRequire`
 */
export function loadSamplerBinding(files: readonly string[] = lookupFiles()): LoadedBinding {
  const manifest = findManifest(files);
  if (manifest === undefined) {
    const where = isBundled() ? ' beside this bundle' : '';
    return { binding: undefined, problem: `${PACKAGE}, an optional dependency, is not installed${where}` };
  }
  return loadInstalled(manifest);
}

/**
 * Shows file tracers (Next.js, `@vercel/nft`) by a literal `import` that the binding is needed. Never called.
 */
export async function importForTracers(): Promise<void> {
  try {
    await import('@datadog/pprof/out/src/heap-profiler-bindings.js');
  } catch {
    // Ignore: it is an optional dependency, which a bundler may not find.
  }
}

/** Returns the path of the package's `package.json`, also if only parts of the package are installed. */
function findManifest(files: readonly string[]): string | undefined {
  // Also look beside the installed copy: dependencies of dependencies may not be visible from a bundle's
  // folder.
  const copy = isBundled() ? installedCopy() : undefined;
  const all = copy ? [...files, copy.manifest] : files;
  for (let at = 0; at < all.length; at++) {
    const require = contain(() => requireFrom(all[at]!), ignore);
    const manifest =
      require && (contain(() => require.resolve(MANIFEST), ignore) ?? manifestOfParts(require));
    if (manifest !== undefined) return manifest;
  }
  return undefined;
}

function manifestOfParts(require: NodeJS.Require): string | undefined {
  const folders = contain(() => require.resolve.paths(PACKAGE), ignore) ?? [];
  const found = folders.find((folder) => existsSync(path.join(folder, PACKAGE)));
  return found && path.join(found, MANIFEST);
}

function loadInstalled(manifest: string): LoadedBinding {
  let why = 'it has no heap profiler';
  const binding = contain(
    () => requireFrom(manifest)(BINDINGS) as unknown,
    (thrown) => (why = explain(thrown)),
  );
  if (isUsable(binding)) return { binding, file: path.join(path.dirname(manifest), BINDINGS) };
  return { binding: undefined, problem: `${PACKAGE} is installed in ${path.dirname(manifest)}, but ${why}` };
}

/** Explains why loading failed, from the error's text: node-gyp-build throws plain errors. */
function explain(thrown: unknown): string {
  const text = describeThrown(thrown);
  const isMissing = ['No native build', 'Cannot find module'].some((part) =>
    StringPrototypeIncludes(text, part),
  );
  if (!isMissing) return `its native binding cannot be loaded: ${text}`;
  const { platform, arch, versions } = process;
  return (
    `its native binding for ${platform}-${arch} and Node ABI ${versions.modules} was not found: a copy or a file trace may ` +
    `have left it out, or the package has none for this system: ${text}`
  );
}

function isUsable(binding: unknown): binding is SamplerBinding {
  return typeof (binding as Partial<SamplerBinding> | undefined)?.startSamplingHeapProfiler === 'function';
}

function ignore(): void {}
