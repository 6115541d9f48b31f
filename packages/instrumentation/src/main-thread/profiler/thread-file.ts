import { type InstalledCopy, installedCopy, isBundled } from '../../installation.js';
import { StringPrototypeReplace } from '../../protocol/primordials.js';
import { VERSION } from '../../version.js';

const EXTERNAL =
  'this application is bundled, and the file of the profiler thread is not in the bundle: mark @heapray/instrumentation ' +
  'as external (esbuild --external:@heapray/instrumentation; webpack externals; rollup and rolldown external; Next.js ' +
  'serverExternalPackages) and install it beside the bundle';

/**
 * Selects the file that the profiler thread runs: its own, or, if that is missing in a bundle, an installed
 * copy's.
 */
export class ThreadFile {
  #copy: InstalledCopy | undefined;
  #tried = false;

  /** Path of the file; undefined for the one that came with this code. */
  get path(): string | undefined {
    return this.#copy?.isSameVersion ? this.#copy.threadFile : undefined;
  }

  /** Changes to another file; returns false if there is none left to try. */
  tryNext(): boolean {
    if (this.#tried || !isBundled()) return false;
    this.#tried = true;
    this.#copy = installedCopy();
    return this.path !== undefined;
  }

  /** @param reason error with which the thread did not start */
  explain(reason: string): string {
    if (!isBundled()) return reason;
    const copy = this.#copy;
    const other =
      copy && !copy.isSameVersion
        ? `; version ${copy.version} is installed beside it, but ${VERSION} is bundled`
        : '';
    // Remove the position inside Node's own code, which does not help the reader.
    return `${EXTERNAL}${other}: ${StringPrototypeReplace(reason, / at \S+ \(node:.*/, '')}`;
  }
}
