import type { DumpAmount, DumpStack } from '@heapray/exporter/jemalloc';
import type { NativeMapping } from '@heapray/exporter/profile';

/** Number of a stack; equal stacks of all dumps have the same number. */
export type NativeStackIndex = number;

/** Maximum number of stacks that get numbers; jemalloc's dumps of Node have some hundreds. */
const MAX_STACKS = 50_000;

/** The native heap at one moment, by stack. */
export interface NativeState {
  readonly atMillis: number;
  readonly amounts: ReadonlyMap<NativeStackIndex, NativeAmounts>;
  readonly inUseBytes: number;
  /** Where the code of the program was loaded, in ascending order. */
  readonly mappings: readonly NativeMapping[];
}

export interface NativeAmounts {
  readonly inUse: DumpAmount;
  readonly allocated: DumpAmount;
}

/** Numbers the stacks of all dumps. */
export class NativeStacks {
  readonly #numbers = new Map<string, NativeStackIndex>();
  /** Return addresses, the innermost first. Number 0 has those of all stacks beyond the limit: none. */
  readonly #addresses: (readonly number[])[] = [[]];

  /** Returns the number of a stack; 0 for stacks beyond the limit. */
  indexOf({ addresses }: DumpStack): NativeStackIndex {
    const key = addresses.join();
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#addresses.length > MAX_STACKS) return 0;
    const index = this.#addresses.push(addresses) - 1;
    this.#numbers.set(key, index);
    return index;
  }

  addresses(index: NativeStackIndex): readonly number[] {
    return this.#addresses[index] ?? [];
  }
}
