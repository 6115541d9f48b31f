import { StringPrototypeReplace } from '../containment/primordials.js';
import { type InstalledCopy, installedCopy, isBundled } from '../installation.js';
import { VERSION } from '../version.js';

const EXTERNAL =
  'this application is bundled, and the file of the profiler thread is not in the bundle: mark @heapray/instrumentation ' +
  'as external (esbuild --external:@heapray/instrumentation; webpack externals; rollup and rolldown external; Next.js ' +
  'serverExternalPackages) and install it beside the bundle';

/** Which file the profiler thread runs. In a bundle its own may be missing; then that of an installed copy is used. */
export class ThreadFile {
  #copy: InstalledCopy | undefined;
  #tried = false;

  /** Undefined for the file that came with this code. */
  get path(): string | undefined {
    return this.#copy?.isSameVersion ? this.#copy.threadFile : undefined;
  }

  /** Changes to another file; false when there is none that has not been tried. */
  tryNext(): boolean {
    if (this.#tried || !isBundled()) return false;
    this.#tried = true;
    this.#copy = installedCopy();
    return this.path !== undefined;
  }

  /** @param reason why the thread did not start */
  explain(reason: string): string {
    if (!isBundled()) return reason;
    const copy = this.#copy;
    const other =
      copy && !copy.isSameVersion
        ? `; version ${copy.version} is installed beside it, but ${VERSION} is bundled`
        : '';
    // Where in Node it was thrown tells nobody anything.
    return `${EXTERNAL}${other}: ${StringPrototypeReplace(reason, / at \S+ \(node:.*/, '')}`;
  }
}
