import { filePath } from './file-name.js';
import { installedPackage, withoutVirtualFolders } from './installed-package.js';
import { NO_PACKAGE, RUNTIME_PACKAGE } from './package-lookup.js';
import { type CodePlace, type PythonFolders, PythonModules } from './python-modules.js';

/** A program whose stacks are looked at. */
export interface ProgramFolders extends PythonFolders {
  readonly language: 'node' | 'python';
}

/** Returns the npm package of a file by what is on this machine's disk; undefined when that says nothing. */
export type OwnPackage = (file: string) => string | undefined;

/** Stand for the file of frames that have none, in captures of Node programs. */
const NO_FILE: ReadonlySet<string> = new Set(['', '(native)', '(heapray)']);

/** The file of a frame of a Node program's capture; empty where a capture names a stand-in for none. */
export function nodeFile(file: string): string {
  return NO_FILE.has(file) ? '' : file;
}

/** Whether a file is of Node itself, or a frame without one is native code. */
export function isNodeRuntimeFile(file: string): boolean {
  return NO_FILE.has(file) || file.startsWith(RUNTIME_PACKAGE.name);
}

/**
 * Says which package a stack of a recorded program belongs to: of a Node program the npm package of the innermost
 * frame that is not of the runtime; of a Python program the top-level module of the innermost frame that is not of
 * the standard library. `node:` for Node's own, `(none)` for what belongs to no package.
 */
export class StackPackages {
  readonly #program: ProgramFolders;
  readonly #ownPackage: OwnPackage;
  readonly #python: PythonModules;
  readonly #byFile: Map<string, string> = new Map();

  constructor(program: ProgramFolders, ownPackage: OwnPackage = () => undefined) {
    this.#program = program;
    this.#ownPackage = ownPackage;
    this.#python = new PythonModules(program, { guess: true });
  }

  /** @param stack from the innermost frame outwards */
  packageOf(stack: Iterable<CodePlace>): string {
    return this.#program.language === 'python' ? this.#python.moduleOf(stack) : this.#npmPackageOf(stack);
  }

  /**
   * Returns the frame that is charged with what a stack allocated: of a Node program the innermost that is not of
   * the runtime, of a Python program the innermost. Undefined for the empty stack.
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

  /** The program's own files have the name of its folder where there is no manifest to ask. */
  #programOf(file: string): string {
    for (const folder of this.#program.sysPath) {
      const prefix = folder.replace(/[\\/]+$/, '');
      const isBelow = file.startsWith(prefix) && /^[\\/]./.test(file.slice(prefix.length));
      const name = /[^\\/:]+$/.exec(prefix)?.[0];
      if (isBelow && name !== undefined) return name;
    }
    return NO_PACKAGE.name;
  }
}
