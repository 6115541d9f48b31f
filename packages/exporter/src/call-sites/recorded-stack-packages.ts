import { filePath } from './file-name.js';
import { installedPackage, withoutVirtualFolders } from './installed-package.js';
import { NO_PACKAGE, RUNTIME_PACKAGE } from './package-lookup.js';
import { type CodePlace, type PythonFolders, PythonModules } from './python-modules.js';

/** A program whose stacks are analyzed. */
export interface ProgramFolders extends PythonFolders {
  readonly language: 'node' | 'python';
}

/** Returns the npm package of a file according to this machine's disk, or undefined when it cannot be determined. */
export type OwnPackage = (file: string) => string | undefined;

/** Placeholders for the file of frames without one, in captures of Node programs. */
const NO_FILE: ReadonlySet<string> = new Set(['', '(native)', '(heapray)']);

/** Returns the file of a frame in a Node program's capture; empty for a placeholder. */
export function nodeFile(file: string): string {
  return NO_FILE.has(file) ? '' : file;
}

/** Returns whether a file belongs to Node itself, or is the placeholder of native code. */
function isNodeRuntimeFile(file: string): boolean {
  return NO_FILE.has(file) || file.startsWith(RUNTIME_PACKAGE.name);
}

/**
 * Finds the package of a stack of a recorded program. For a Node program, it is the npm package of the innermost frame
 * outside the runtime. For a Python program, it is the top-level module of the innermost frame outside the standard
 * library. Node's own code is `node:`, code outside any package `(none)`.
 */
export class RecordedStackPackages {
  readonly #program: ProgramFolders;
  /** The program's folders without a separator at the end, and their names. */
  readonly #folders: readonly { readonly prefix: string; readonly name: string }[];
  readonly #ownPackage: OwnPackage;
  readonly #python: PythonModules;
  readonly #byFile: Map<string, string> = new Map();

  constructor(program: ProgramFolders, ownPackage: OwnPackage = () => undefined) {
    this.#program = program;
    this.#folders = program.sysPath.flatMap((folder) => {
      const prefix = folder.replace(/[\\/]+$/, '');
      const name = /[^\\/:]+$/.exec(prefix)?.[0];
      return name === undefined ? [] : [{ prefix, name }];
    });
    this.#ownPackage = ownPackage;
    this.#python = new PythonModules(program, { guess: true });
  }

  /**
   * Returns the package of a stack.
   *
   * @param stack from the innermost frame outwards
   */
  packageOf(stack: Iterable<CodePlace>): string {
    return this.#program.language === 'python' ? this.#python.moduleOf(stack) : this.#npmPackageOf(stack);
  }

  /**
   * Returns the frame that allocations of a stack are attributed to: for a Node program the innermost frame outside the
   * runtime, for a Python program the innermost frame. Undefined for the empty stack.
   */
  callSite<F extends CodePlace>(stack: Iterable<F>): F | undefined {
    let innermost: F | undefined;
    for (const frame of stack) {
      if (this.#program.language === 'python' || !isNodeRuntimeFile(frame.file)) return frame;
      innermost ??= frame;
    }
    return innermost;
  }

  #npmPackageOf(stack: Iterable<CodePlace>): string {
    let ofRuntime = false;
    for (const { file } of stack) {
      if (!isNodeRuntimeFile(file)) return this.#npmPackageOfFile(file);
      ofRuntime ||= file.startsWith(RUNTIME_PACKAGE.name);
    }
    return ofRuntime ? RUNTIME_PACKAGE.name : NO_PACKAGE.name;
  }

  #npmPackageOfFile(file: string): string {
    const known = this.#byFile.get(file);
    if (known !== undefined) return known;
    const plain = withoutVirtualFolders(filePath(file));
    const name = installedPackage(plain)?.name ?? this.#ownPackage(plain) ?? this.#programOf(plain);
    this.#byFile.set(file, name);
    return name;
  }

  /** Returns the name of the program's folder for one of its own files without a manifest. */
  #programOf(file: string): string {
    for (const { prefix, name } of this.#folders) {
      if (file.startsWith(prefix) && /^[\\/]./.test(file.slice(prefix.length))) return name;
    }
    return NO_PACKAGE.name;
  }
}
