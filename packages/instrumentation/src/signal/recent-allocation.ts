import type { GroupIndex, GroupSums } from './site-groups.js';

/** After so long, what was allocated counts half. */
export const HALF_LIFE_MILLIS = 300_000;
/** A share below this is none: reached about twenty half-lives after the last allocation. */
const NO_SHARE = 1e-6;

/** Who allocates lately: bytes that count less the longer ago they were allocated. */
export class RecentAllocation {
  readonly #bytes = new Map<GroupIndex, number>();
  #total = 0;
  #last: { readonly sums: GroupSums; readonly atMillis: number } | undefined;

  /** Takes the sums of now; what was allocated since those before was allocated now. */
  observe(sums: GroupSums, atMillis: number): void {
    const decay = this.#last ? 0.5 ** ((atMillis - this.#last.atMillis) / HALF_LIFE_MILLIS) : 1;
    for (const group of sums.groups()) {
      const fresh = sums.of(group).allocated - (this.#last?.sums.of(group).allocated ?? 0);
      this.#bytes.set(group, (this.#bytes.get(group) ?? 0) * decay + fresh);
    }
    this.#total = this.#total * decay + sums.total.allocated - (this.#last?.sums.total.allocated ?? 0);
    this.#last = { sums, atMillis };
  }

  /** The share of a group, from 0 to 1. */
  share(group: GroupIndex): number {
    const share = (this.#bytes.get(group) ?? 0) / (this.#total || 1);
    return share < NO_SHARE ? 0 : share;
  }
}
