import { filePath } from '../../call-sites/file-name.js';
import { installedPackage } from '../../call-sites/installed-package.js';
import type { HeapSnapshot } from '../read/heap-snapshot.js';

const NO_NODE = -1;
const NATIVE_CONTEXT = 'system / NativeContext';
/** Node's and V8's own code. */
const RUNTIME = 'node:';

/** A place in the source of the program. */
export interface SourcePlace {
  /** Path, or `node:...`. */
  readonly file: string;
  /** From 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
}

/** A function, and where it starts. */
export interface SourceFunction extends SourcePlace {
  readonly name: string;
}

/** Returns a function in its original source, for generated code with a source map; else the function itself. */
export type OriginalOf = (found: SourceFunction) => SourceFunction;

/** Finds the source of functions, objects and scopes of a snapshot. */
export class Sources {
  readonly #snapshot: HeapSnapshot;
  readonly #originalOf: OriginalOf;
  readonly #closure: number;
  #scripts: Map<number, string> | undefined;
  /** Files by the nodes of functions' code. Many functions share one. */
  readonly #files: Map<number, string> = new Map();
  /** For each node that is a scope, a function that has it, plus 1. */
  #functions: Uint32Array | undefined;

  constructor(snapshot: HeapSnapshot, originalOf: OriginalOf = (found) => found) {
    this.#snapshot = snapshot;
    this.#originalOf = originalOf;
    this.#closure = snapshot.nodeTypes.indexOf('closure');
  }

  /** Returns where a function starts, or where the constructor of an object does. Undefined when unknown. */
  placeOf(node: number): SourcePlace | undefined {
    const place = this.#snapshot.placeOf(node);
    const file = this.#fileOfFunction(node) || this.#scriptFile(place?.scriptId);
    if (file === '') return undefined;
    const found = {
      name: this.#snapshot.nameOf(node),
      file,
      line: place?.line ?? 0,
      column: place?.column ?? 0,
    };
    const original = this.#originalOf(found);
    return { file: original.file, line: original.line, column: original.column };
  }

  /** Returns the place of a function that uses a scope; undefined when there is none. */
  placeOfScope(scope: number): SourcePlace | undefined {
    const found = this.#functionIn(scope);
    return found === NO_NODE ? undefined : this.placeOf(found);
  }

  /** Returns the place of an ES module, from its node. */
  placeOfModule(module: number): SourcePlace | undefined {
    const { firstEdges, targets } = this.#snapshot;
    if (module === NO_NODE) return undefined;
    for (let edge = firstEdges[module]!; edge < firstEdges[module + 1]!; edge++) {
      const target = targets[edge]!;
      const called = this.#snapshot.targetOf(target, 'internal', 'function');
      const place = called === NO_NODE ? undefined : this.placeOf(called);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Returns whether variables of a scope are those of a module: its outer scope is the global one. */
  isModuleScope(scope: number): boolean {
    const outer = this.#snapshot.targetOf(scope, 'internal', 'previous');
    return outer !== NO_NODE && this.#snapshot.nameOf(outer) === NATIVE_CONTEXT;
  }

  /** Returns the name of the function whose variables a scope holds; empty when unknown. */
  functionOfScope(scope: number): string {
    const snapshot = this.#snapshot;
    const info = snapshot.targetOf(scope, 'internal', 'scope_info');
    if (info === NO_NODE) return '';
    const variables = new Set<string>();
    for (let edge = snapshot.firstEdges[scope]!; edge < snapshot.firstEdges[scope + 1]!; edge++) {
      if (snapshot.typeOfEdge(edge) === 'context') variables.add(snapshot.nameOfEdge(edge));
    }
    // The scope's description has the names of its variables, and then that of the function. A variable that holds a
    // small number has no edge, so the name is known only if it is the only one left.
    const left: string[] = [];
    for (let edge = snapshot.firstEdges[info]!; edge < snapshot.firstEdges[info + 1]!; edge++) {
      const target = snapshot.targets[edge]!;
      if (snapshot.typeOfEdge(edge) !== 'hidden' || snapshot.typeOf(target) !== 'string') continue;
      const name = snapshot.nameOf(target);
      if (name !== '' && !variables.has(name)) left.push(name);
    }
    return left.length === 1 ? left[0]! : '';
  }

  /** Returns the file of a function; empty for other nodes. */
  #fileOfFunction(node: number): string {
    const snapshot = this.#snapshot;
    if (snapshot.types[node] !== this.#closure) return '';
    const shared = snapshot.targetOf(node, 'internal', 'shared');
    if (shared === NO_NODE) return '';
    const known = this.#files.get(shared);
    if (known !== undefined) return known;
    const script = snapshot.targetOf(shared, 'internal', 'script');
    const file = script === NO_NODE ? '' : fileNamed(snapshot.nameOf(script));
    this.#files.set(shared, file);
    return file;
  }

  #scriptFile(scriptId: number | undefined): string {
    if (scriptId === undefined) return '';
    this.#scripts ??= this.#readScripts();
    return this.#scripts.get(scriptId) ?? '';
  }

  #readScripts(): Map<number, string> {
    const scripts = new Map<number, string>();
    for (const node of this.#snapshot.placedNodes()) {
      if (this.#snapshot.types[node] !== this.#closure) continue;
      const id = this.#snapshot.placeOf(node)?.scriptId;
      if (id === undefined || scripts.has(id)) continue;
      const file = this.#fileOfFunction(node);
      if (file !== '') scripts.set(id, file);
    }
    return scripts;
  }

  /** Returns a function that has this scope, or -1. */
  #functionIn(scope: number): number {
    this.#functions ??= this.#readFunctions();
    return this.#functions[scope]! - 1;
  }

  #readFunctions(): Uint32Array {
    const { types, firstEdges, targets, edgeTypes, edgeNames, nodeCount } = this.#snapshot;
    const context = this.#snapshot.texts.find('context');
    const internal = this.#snapshot.typesOfEdges.indexOf('internal');
    const functions = new Uint32Array(nodeCount);
    for (let node = 0; node < nodeCount; node++) {
      if (types[node] !== this.#closure) continue;
      for (let edge = firstEdges[node]!; edge < firstEdges[node + 1]!; edge++) {
        if (edgeTypes[edge] !== internal || edgeNames[edge] !== context) continue;
        const scope = targets[edge]!;
        if (functions[scope] === 0) functions[scope] = node + 1;
      }
    }
    return functions;
  }
}

/** Returns the file of a script's name: V8 names scripts by path or URL. Empty for a description of V8. */
function fileNamed(name: string): string {
  return name.startsWith('(') || name.startsWith('system / ') ? '' : filePath(name);
}

/** Returns whether a file belongs to Node. */
export function isRuntime(file: string): boolean {
  return file.startsWith(RUNTIME);
}

/** Returns a file as a user knows it: from the folder of its package on, if it is in `node_modules`. */
export function shortFile(file: string): string {
  const installed = installedPackage(file);
  return installed === undefined ? file : `${installed.name}${file.slice(installed.folder.length)}`;
}
