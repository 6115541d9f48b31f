import type { Observations } from '../../../protocol/captures/component-contexts.js';
import type { Ledger, LedgerSource, NodeIndex } from '../../ledger/index.js';
import type { HeapEvent } from '../heap-event.js';
import { type Context, ContextTable } from './context-table.js';
import { type StackOwners, StackOwnersOf } from './stack-owners.js';
import { UnknownSamples } from './unknown-samples.js';

/** Known components of stacks; shared by all captures of the process. */
export class ScopeTables {
  readonly #contexts = new ContextTable();
  readonly #owners = new WeakMap<Ledger, StackOwnersOf>();

  add(observed: Observations): void {
    this.#contexts.add(observed);
  }

  /** Call after the samples of a reading were assigned in all captures. */
  endPeriod(): void {
    this.#contexts.endPeriod();
  }

  /** Changes when more is known. */
  get version(): number {
    return this.#contexts.version;
  }

  ownersOf(ledger: Ledger, node: NodeIndex): StackOwners {
    const known = this.#owners.get(ledger) ?? new StackOwnersOf(ledger);
    this.#owners.set(ledger, known);
    return known.of(node);
  }

  contextsOf({ outermost }: StackOwners): readonly Context[] | undefined {
    return outermost && this.#contexts.of(outermost);
  }
}

/** The contexts that a sample of a stack may have, and their total weight. */
interface Possible {
  readonly contexts: readonly Context[];
  readonly total: number;
}

const IN = 'in';
const OUT = 'out';
/** Stack of the component, of others, of one of several contexts, or of an unknown one. */
type Belonging = typeof IN | typeof OUT | Possible | undefined;

/** Fractional part of the golden ratio: multiples of it fill the range from 0 to 1 evenly. */
const GOLDEN = 0.618_033_988_749_895;

/**
 * Decides which samples belong to a component: those on stacks with one of its functions, and those on stacks whose outermost
 * function has run for it.
 *
 * An outermost function that runs for several components, or also for none, is divided: each of its samples belongs to one of them,
 * chosen evenly in the ratio of the observations made meanwhile. A sample of a function never observed waits until it is.
 */
export class ComponentScope {
  readonly #component: string;
  readonly #tables: ScopeTables;
  readonly #held = new Set<number>();
  readonly #unknown = new UnknownSamples();
  #version: number;
  #allBytes = 0;
  #ownBytes = 0;
  #dividedBytes = 0;

  constructor(component: string, tables: ScopeTables) {
    this.#component = component;
    this.#tables = tables;
    this.#version = tables.version;
  }

  /** Returns true if a new sample belongs to the component. */
  takes(id: number, source: LedgerSource, node: NodeIndex, bytes: number): boolean {
    this.#allBytes += bytes;
    const belonging = this.#belonging(source, node);
    if (belonging !== undefined) return this.#take(id, belonging, bytes);
    if (this.#mayBecomeKnown(source, node))
      this.#unknown.allocated({ kind: 'allocated', id, source, node, bytes });
    else this.#unknown.lost(1, bytes);
    return false;
  }

  /** Returns true if a sample that is gone was taken. */
  frees(id: number): boolean {
    if (this.#held.delete(id)) return true;
    this.#unknown.freed(id);
    return false;
  }

  /** Returns true if a sample was taken and is alive. */
  holds(id: number): boolean {
    return this.#held.has(id);
  }

  /** Returns the part of an estimate that belongs to the component, from 0 to 1. */
  partOf(source: LedgerSource, node: NodeIndex, samples: number, bytes: number): number {
    this.#allBytes += bytes;
    const belonging = this.#belonging(source, node);
    if (belonging !== undefined) return this.#takePart(belonging, bytes);
    if (this.#mayBecomeKnown(source, node)) this.#unknown.estimated(source, node, samples, bytes);
    else this.#unknown.lost(samples, bytes);
    return 0;
  }

  /** Returns the events of earlier samples that are known to belong to the component now. */
  learned(): HeapEvent[] {
    if (this.#version === this.#tables.version) return [];
    this.#version = this.#tables.version;
    const learned: HeapEvent[] = [];
    const taken = this.#unknown.take((source, node) => this.#belonging(source, node) !== undefined);
    for (const event of taken) {
      const belonging = this.#belonging(event.source, event.node);
      if (belonging === undefined) continue;
      if (event.kind === 'allocated') {
        if (this.#take(event.id, belonging, event.bytes)) learned.push(event);
        continue;
      }
      const part = this.#takePart(belonging, event.bytes);
      if (part > 0) learned.push({ ...event, samples: event.samples * part, bytes: event.bytes * part });
    }
    return learned;
  }

  /** Part of the process's bytes whose component is not known, from 0 to 1; undefined without any. */
  get unassigned(): number | undefined {
    return this.#allBytes > 0 ? Math.max(0, this.#unknown.bytes / this.#allBytes) : undefined;
  }

  /** Number of the process's samples whose component is not known. */
  get unassignedSamples(): number {
    return Math.max(0, Math.round(this.#unknown.samples));
  }

  /** Part of the component's bytes that was divided between components by a ratio, from 0 to 1. */
  get divided(): number {
    return this.#ownBytes > 0 ? this.#dividedBytes / this.#ownBytes : 0;
  }

  #mayBecomeKnown(source: LedgerSource, node: NodeIndex): boolean {
    return isMainHeap(source) && this.#tables.ownersOf(source.ledger, node).outermost !== undefined;
  }

  #belonging(source: LedgerSource, node: NodeIndex): Belonging {
    if (!isMainHeap(source)) return undefined;
    const owners = this.#tables.ownersOf(source.ledger, node);
    if (owners.below.includes(this.#component)) return IN;
    const contexts = this.#tables.contextsOf(owners);
    if (contexts === undefined) return owners.below.length > 0 ? OUT : undefined;
    const isOwn = (context: Context) => context.components.includes(this.#component);
    if (contexts.every(isOwn)) return IN;
    if (!contexts.some(isOwn)) return OUT;
    return { contexts, total: contexts.reduce((sum, { weight }) => sum + weight, 0) };
  }

  #take(id: number, belonging: Exclude<Belonging, undefined>, bytes: number): boolean {
    if (belonging === OUT) return false;
    if (belonging !== IN && !this.#isChosen(id, belonging)) return false;
    this.#held.add(id);
    this.#ownBytes += bytes;
    if (belonging !== IN) this.#dividedBytes += bytes;
    return true;
  }

  /** Returns true if this sample is one of the component's. Of all captures, those of one context choose it. */
  #isChosen(id: number, { contexts, total }: Possible): boolean {
    let left = ((id * GOLDEN) % 1) * total;
    for (const { components, weight } of contexts) {
      left -= weight;
      if (left < 0) return components.includes(this.#component);
    }
    return contexts.at(-1)?.components.includes(this.#component) ?? false;
  }

  #takePart(belonging: Exclude<Belonging, undefined>, bytes: number): number {
    if (belonging === OUT) return 0;
    const part = belonging === IN ? 1 : this.#ownPart(belonging);
    this.#ownBytes += bytes * part;
    if (belonging !== IN) this.#dividedBytes += bytes * part;
    return part;
  }

  #ownPart({ contexts, total }: Possible): number {
    const own = contexts.filter(({ components }) => components.includes(this.#component));
    return own.reduce((sum, { weight }) => sum + weight, 0) / total;
  }
}

/** Contexts are observed on the main thread only, and stacks of Buffers have the lines of calls. */
export function isMainHeap({ kind, thread }: LedgerSource): boolean {
  return kind === 'heap' && thread === undefined;
}
