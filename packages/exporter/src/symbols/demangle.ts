import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The part of gecko-profiler-demangle that is used. */
interface Library {
  demangle_any(name: string): string;
  __wbg_set_wasm(exports: Exports): void;
}

type Exports = Readonly<Record<string, () => void>>;

/** The part of WebAssembly that is used; Node's types have none of it. */
interface WebAssemblyObject {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
}

/** Longest name that is decoded, and most references to earlier parts: each can double the length of the result. */
const MAX_NAME = 2048;
const MAX_REFERENCES = 40;
const MANGLED = /^_{1,4}[ZR]/;
const REFERENCE = /S[\dA-Z]*_|T[\d]*_/g;

let library: Library | undefined | null = null;

/**
 * Returns the readable name of a C++ or Rust function, without parameters and arguments of templates:
 * `_ZN4node26NodeArrayBufferAllocator...` becomes `node::NodeArrayBufferAllocator::Allocate`. Returns other names, and
 * those that cannot be decoded, unchanged.
 */
export function demangled(name: string): string {
  if (!MANGLED.test(name) || name.length > MAX_NAME) return name;
  if ((name.match(REFERENCE)?.length ?? 0) > MAX_REFERENCES) return name;
  if (library === null) library = loadLibrary();
  if (library === undefined) return name;
  try {
    const decoded = library.demangle_any(name);
    // The library returns what it cannot decode with one underscore less.
    return name.endsWith(decoded) ? name : withoutParameters(decoded);
  } catch {
    // After an error, the memory of the library may be in any state.
    library = null;
    return name;
  }
}

/**
 * Loads gecko-profiler-demangle. Its entry point imports WebAssembly as a module, which Node supports only from
 * version 24 on. Returns undefined if its files are missing, as in a bundle.
 */
function loadLibrary(): Library | undefined {
  try {
    const require = createRequire(import.meta.url);
    const loaded: Library = require('gecko-profiler-demangle/index_bg.js');
    const file = require.resolve('gecko-profiler-demangle/index_bg.wasm');
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyObject };
    const module = new WebAssembly.Module(readFileSync(file));
    const { exports } = new WebAssembly.Instance(module, { './index_bg.js': loaded });
    loaded.__wbg_set_wasm(exports);
    exports.__wbindgen_start!();
    return loaded;
  } catch {
    return undefined;
  }
}

/**
 * Returns a function without its parameters and the arguments of templates:
 * `std::vector<int>::push_back(int&) const` becomes `std::vector::push_back`.
 */
function withoutParameters(decoded: string): string {
  let short = '';
  let depth = 0;
  const name = decoded.replaceAll('(anonymous namespace)', ANONYMOUS).replaceAll('operator()', CALL);
  for (const sign of name.replaceAll(/operator(?:<=>|<<=?|>>=?|->\*?|<=?|>=?)/g, hideBrackets)) {
    if (sign === '<' || sign === '(') depth += 1;
    if (depth === 0) short += sign;
    if (sign === '>' || sign === ')') depth -= 1;
  }
  const plain = short
    .replace(/(?: const| volatile|&)+(?= \[|$)/, '')
    .replace(/ \[.*$/, '')
    .replaceAll(ANONYMOUS, '(anonymous)')
    .replaceAll(CALL, 'operator()')
    .replaceAll('\u0002', '<')
    .replaceAll('\u0003', '>')
    .trim();
  return plain === '' ? decoded : plain;
}

const ANONYMOUS = '\u0000';
const CALL = '\u0001';

function hideBrackets(operator: string): string {
  return operator.replaceAll('<', '\u0002').replaceAll('>', '\u0003');
}
