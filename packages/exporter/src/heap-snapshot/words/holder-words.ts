import type { HeapSnapshot } from '../read/heap-snapshot.js';
import { isRuntime, type SourcePlace, type Sources, shortFile } from './sources.js';
import { isGlobal, type PathNode } from './visible-path.js';

/** Describes the holder of objects, in words and as fields. */
export interface HolderWords {
  readonly kind: 'object' | 'function' | 'listener' | 'timer' | 'promise chain' | 'scope' | 'root';
  /** For a sentence: "`Map` `#orders` of `OrderCache` (order-cache/index.js), held by module scope". */
  readonly text: string;
  /** Class of the holder; empty for functions and roots. */
  readonly className: string;
  /** Name of the property, variable or event; empty if there is none. */
  readonly name: string;
  /** Class of the object that has the holder as a property; empty if there is none. */
  readonly owner: string;
  /** Where the class of the owner, or the function with the variable, is in the source. */
  readonly place: SourcePlace | undefined;
}

/** Number of owners that are named. */
const MAX_OWNERS = 3;
const TIMER_CLASSES: ReadonlySet<string> = new Set(['TimersList', 'Timeout', 'Immediate', 'ImmediateList']);
const IMMEDIATE = /^Immediate/;
/** V8's roots in words. */
const ROOTS: ReadonlyMap<string, string> = new Map([
  ['(Stack roots)', 'running code'],
  ['(Handle scope)', 'running code'],
  ['(Global handles)', 'native code'],
  ['(Eternal handles)', 'native code'],
  ['(Traced handles)', 'native code'],
  ['(Micro tasks)', 'a pending microtask'],
]);

/** A part of a sentence, and from where on the path the rest follows. */
interface Subject {
  readonly kind: HolderWords['kind'];
  readonly text: string;
  readonly name: string;
  readonly owner: string;
  readonly place: SourcePlace | undefined;
  /** Index of the object whose holder follows; -1 for none. */
  readonly next: number;
  /** True if the text already names the variable of that object. */
  readonly isNamed: boolean;
}

/** Puts paths into words. */
export class PathWords {
  readonly #snapshot: HeapSnapshot;
  readonly #sources: Sources;

  constructor(snapshot: HeapSnapshot, sources: Sources) {
    this.#snapshot = snapshot;
    this.#sources = sources;
  }

  /**
   * Describes one of the objects on a path as a holder.
   *
   * @param path from the root to an object that is held
   * @param at index of the holder; -1 for the root itself
   */
  describe(path: readonly PathNode[], at: number): HolderWords {
    const timer = this.#timerOn(path, at);
    if (timer !== undefined) return timer;
    const holder = path[at];
    if (holder === undefined) {
      return { kind: 'root', text: 'the roots', className: '', name: '', owner: '', place: undefined };
    }
    const subject = this.#subject(path, at);
    const place = subject.place === undefined ? '' : ` (${fileText(subject.place)})`;
    const held = subject.next < 0 ? '' : this.#heldBy(path, subject.next, subject.isNamed);
    return {
      kind: subject.kind,
      text: `${subject.text}${place}${held === '' ? '' : `, held by ${held}`}`,
      className: holder.isFunction ? '' : holder.name,
      name: subject.name,
      owner: subject.owner,
      place: subject.place,
    };
  }

  /** Describes the scope of functions as the holder of what its variables refer to. */
  describeScope(scope: number): HolderWords {
    const place = this.#sources.placeOfScope(scope);
    const called = this.#sources.functionOfScope(scope);
    const closure = `the closure of ${called === '' ? 'a function' : code(called)}`;
    const what = this.#sources.isModuleScope(scope) ? 'module scope' : closure;
    const text = place === undefined ? what : `${what} (${fileText(place)})`;
    return { kind: 'scope', text, className: '', name: '', owner: '', place };
  }

  /** Describes how the last object of a path is referred to below the holder, as in "each is variable `job` of a function". */
  lastReference(path: readonly PathNode[], at: number): string {
    const last = path.length - 1;
    const { reference } = path[last]!;
    const before = path[last - 1];
    if (last <= at || before === undefined || TIMER_CLASSES.has(path[last]!.name)) return '';
    if (reference.kind === 'variable') {
      const name = this.#sources.functionOfScope(reference.scope);
      const place = before.isFunction ? this.#sources.placeOf(before.node) : undefined;
      const of = before.isFunction && before.name !== '' ? `function ${code(before.name)}` : 'a function';
      const within = name === '' || name === before.name ? '' : ` made in ${code(name)}`;
      return `each is variable ${code(reference.name)} of ${of}${within}${place === undefined ? '' : ` (${placeText(place)})`}`;
    }
    if (reference.kind === 'property' && last - 1 > at && !before.isFunction) {
      return `each is ${code(reference.name)} of ${article(before.name)} ${code(before.name)}`;
    }
    return '';
  }

  /** Returns the words for timers, if the holder is Node's list of them. */
  #timerOn(path: readonly PathNode[], at: number): HolderWords | undefined {
    const list = path.findIndex(({ name, isFunction }) => !isFunction && TIMER_CLASSES.has(name));
    if (list < 0 || !this.#isOfRuntime(path, at, list)) return undefined;
    const { name, reference } = path[list]!;
    const millis = name === 'TimersList' && reference.kind === 'element' && at >= list ? reference.name : '';
    const what = IMMEDIATE.test(name) ? 'pending immediates' : 'pending timers';
    const text = millis === '' ? `${what} (\`setTimeout\` or \`setInterval\`)` : `${what} of ${millis} ms`;
    return {
      kind: 'timer',
      text: IMMEDIATE.test(name) ? `${what} (\`setImmediate\`)` : text,
      className: name,
      name: '',
      owner: '',
      place: undefined,
    };
  }

  /** Returns whether the holder is a list of timers or a table of Node's that has them. */
  #isOfRuntime(path: readonly PathNode[], at: number, list: number): boolean {
    if (at < 0) return false;
    if (at >= list) return path.slice(list, at + 1).every(({ name }) => TIMER_CLASSES.has(name));
    const { reference } = path[at]!;
    const place = reference.kind === 'variable' ? this.#sources.placeOfScope(reference.scope) : undefined;
    return place !== undefined && isRuntime(place.file);
  }

  #subject(path: readonly PathNode[], at: number): Subject {
    const { reference, isFunction, name } = path[at]!;
    const events = path[at - 1]?.reference;
    if (reference.kind === 'property' && events?.kind === 'property' && events.name === '_events') {
      const on = this.#thing(path, at - 2);
      const text = `listeners of event ${code(reference.name)} on ${on.text}`;
      return { ...on, kind: 'listener', text, name: reference.name };
    }
    if (reference.kind === 'property' && reference.name === '_events' && at > 0) {
      const on = this.#thing(path, at - 1);
      return { ...on, kind: 'listener', text: `listeners on ${on.text}`, name: '' };
    }
    const thing = this.#thing(path, at);
    if (name === 'Promise' && path[at + 1]?.reference.kind === 'reaction') {
      return { ...thing, kind: 'promise chain', text: `the promise chain of ${thing.text}` };
    }
    return { ...thing, kind: isFunction ? 'function' : 'object' };
  }

  /** Names an object by its class, and by the property or variable that refers to it. */
  #thing(path: readonly PathNode[], at: number, depth = 0): Subject {
    const each = path[at];
    if (each === undefined) {
      const none = { name: '', owner: '', place: undefined, next: -1, isNamed: true } as const;
      return { kind: 'root', text: 'an object of the runtime', ...none };
    }
    const { reference } = each;
    const owner = path[at - 1];
    const base = { kind: 'object', name: reference.name, owner: '', next: at, isNamed: true } as const;
    const own = this.#sources.placeOf(each.node);
    switch (reference.kind) {
      case 'property':
        if (owner === undefined) break;
        if (isGlobal(owner.name)) {
          return {
            ...base,
            text: `${classText(each)} ${code(`globalThis.${reference.name}`)}`,
            place: userPlace(own),
            next: -1,
          };
        }
        if (this.#isExports(path, at - 1)) {
          const text = `${classText(each)} ${code(`exports.${reference.name}`)}`;
          return { ...base, text, place: this.#placeOfExports(path, at - 1) ?? userPlace(own), next: at - 1 };
        }
        return {
          ...base,
          text: `${classText(each)} ${code(reference.name)} of ${classText(owner)}`,
          owner: owner.name,
          place: userPlace(this.#sources.placeOf(owner.node)) ?? this.#placeAbove(path, at - 1),
          next: at - 1,
          isNamed: false,
        };
      case 'variable':
        return {
          ...base,
          text: `${classText(each)} ${code(reference.name)}`,
          place: this.#sources.placeOfScope(reference.scope) ?? userPlace(own),
        };
      case 'export': {
        const name = reference.name === '' ? '' : ` ${code(reference.name)}`;
        const place = this.#sources.placeOfModule(reference.scope) ?? userPlace(own);
        return { ...base, text: `${classText(each)}${name}`, place };
      }
      case 'element':
      case 'entry':
      case 'weak key': {
        if (owner === undefined || depth >= MAX_OWNERS) break;
        const outer = this.#thing(path, at - 1, depth + 1);
        const within = reference.kind === 'weak key' ? 'in a WeakMap, with the key' : 'in';
        return { ...outer, text: `${classText(each)} ${within} ${outer.text}` };
      }
      default:
    }
    return { ...base, text: classText(each), place: userPlace(own), isNamed: false };
  }

  /** Describes how an object is held, up to the scope of a module. */
  #heldBy(path: readonly PathNode[], at: number, isNamed: boolean, depth = 0): string {
    const { reference } = path[at]!;
    const owner = path[at - 1];
    if (this.#isExports(path, at)) return 'module scope';
    if (owner !== undefined && TIMER_CLASSES.has(owner.name)) return 'a pending timer';
    switch (reference.kind) {
      case 'variable': {
        const name = isNamed ? '' : `${code(reference.name)} in `;
        if (this.#sources.isModuleScope(reference.scope)) return `${name}module scope`;
        const called = this.#sources.functionOfScope(reference.scope);
        return `${isNamed ? '' : `variable ${name}`}the closure of ${called === '' ? 'a function' : code(called)}`;
      }
      case 'export':
        return `${isNamed || reference.name === '' ? '' : `${code(reference.name)} in `}module scope`;
      case 'local':
        return 'a local variable of a suspended function';
      case 'reaction':
      case 'result':
        return 'a promise chain';
      case 'property':
      case 'element':
      case 'entry':
      case 'weak key': {
        if (owner === undefined) break;
        if (isGlobal(owner.name)) return code(`globalThis.${reference.name}`);
        if (this.#isExports(path, at - 1)) return `${code(`exports.${reference.name}`)} in module scope`;
        const name = reference.kind === 'property' ? `${code(reference.name)} of ` : '';
        const rest = depth < MAX_OWNERS ? `, held by ${this.#heldBy(path, at - 1, false, depth + 1)}` : '';
        return `${name}${classText(owner)}${rest}`;
      }
      default:
    }
    return this.#rootText(path, at);
  }

  /** Names the holder of an object that no variable or property of the program leads to. */
  #rootText(path: readonly PathNode[], at: number): string {
    const { kind, name } = path[at]!.reference;
    if (kind === 'root') return ROOTS.get(name) ?? 'the runtime';
    const owner = path[at - 1];
    return owner === undefined ? 'the runtime' : classText(owner);
  }

  /** Returns whether an object is `exports` of a CommonJS module. */
  #isExports(path: readonly PathNode[], at: number): boolean {
    const reference = path[at]?.reference;
    return reference?.kind === 'property' && reference.name === 'exports' && path[at - 1]?.name === 'Module';
  }

  #placeOfExports(path: readonly PathNode[], at: number): SourcePlace | undefined {
    const file = this.#snapshot.targetOf(path[at - 1]!.node, 'property', 'filename');
    return file < 0 ? undefined : { file: this.#snapshot.nameOf(file), line: 0, column: 0 };
  }

  /** Returns the place of the scope that holds an object, directly or as a part of others. */
  #placeAbove(path: readonly PathNode[], at: number): SourcePlace | undefined {
    for (let each = at; each >= Math.max(0, at - MAX_OWNERS); each--) {
      const { reference, node } = path[each]!;
      if (reference.kind === 'variable') return userPlace(this.#sources.placeOfScope(reference.scope));
      if (reference.kind === 'export') return userPlace(this.#sources.placeOfModule(reference.scope));
      const own = userPlace(this.#sources.placeOf(node));
      if (own !== undefined) return own;
    }
    return undefined;
  }
}

function classText({ name, isFunction }: PathNode): string {
  if (!isFunction) return code(name);
  return name === '' ? 'an anonymous function' : `function ${code(name)}`;
}

function article(name: string): string {
  return /^[AEIOU]/i.test(name) ? 'an' : 'a';
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Returns a place unless it is in Node's own code. */
function userPlace(place: SourcePlace | undefined): SourcePlace | undefined {
  return place === undefined || isRuntime(place.file) ? undefined : place;
}

function fileText({ file }: SourcePlace): string {
  return shortFile(file);
}

function placeText({ file, line }: SourcePlace): string {
  return line > 0 ? `${shortFile(file)}:${line}` : shortFile(file);
}
