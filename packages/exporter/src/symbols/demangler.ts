import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The used exports of gecko-profiler-demangle, which wasm-bindgen has made. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Table of values of JavaScript. */
  readonly __wbindgen_export_0: Table;
  __wbindgen_start(): void;
  __wbindgen_malloc(bytes: number, alignment: number): number;
  __wbindgen_free(at: number, bytes: number, alignment: number): void;
  /** Takes over the memory of the name. Returns the address and the number of bytes of the result. */
  demangle_any(at: number, bytes: number): readonly [at: number, bytes: number];
}

interface Table {
  grow(by: number): number;
  set(at: number, value: unknown): void;
}

/** The part of WebAssembly that is used; Node's types have none of it. */
interface WebAssemblyObject {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
}

/**
 * An instance of gecko-profiler-demangle with a memory of its own. Its own entry point keeps one memory for all
 * instances of a process, so that a second one would read its texts from the memory of the first. It also imports
 * WebAssembly as a module, which Node supports only from version 24 on.
 */
export class Demangler {
  readonly #exports: Exports;

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Returns undefined if the files of the package are missing, as in a bundle, or cannot be used. */
  static load(): Demangler | undefined {
    try {
      const file = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm');
      const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyObject };
      const module = new WebAssembly.Module(readFileSync(file));
      const imports = { __wbindgen_init_externref_table: () => addConstants(exports.__wbindgen_export_0) };
      const { exports } = new WebAssembly.Instance(module, { './index_bg.js': imports });
      exports.__wbindgen_start();
      return new Demangler(exports);
    } catch {
      return undefined;
    }
  }

  /**
   * Returns the readable name, with parameters and arguments. Other names lose an underscore, or stay as they are.
   *
   * @throws when the name cannot be decoded; the instance must not be used again
   */
  decode(name: string): string {
    const { __wbindgen_malloc: allocate, __wbindgen_free: free, demangle_any: demangle } = this.#exports;
    const bytes = Buffer.from(name, 'utf8');
    const input = allocate(bytes.length, 1) >>> 0;
    this.#bytes(input, bytes.length).set(bytes);
    const [at, length] = demangle(input, bytes.length);
    const decoded = Buffer.from(this.#bytes(at >>> 0, length >>> 0)).toString('utf8');
    free(at, length, 1);
    return decoded;
  }

  /** Returns bytes of the memory, valid until the next call: the memory is replaced when it grows. */
  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }
}

/** Adds the constants that wasm-bindgen expects at the end of the table. */
function addConstants(table: Table): void {
  const first = table.grow(4);
  table.set(0, undefined);
  for (const [at, value] of [undefined, null, true, false].entries()) table.set(first + at, value);
}
