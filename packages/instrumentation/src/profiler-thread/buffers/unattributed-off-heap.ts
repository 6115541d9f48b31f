import { meaningOfPseudoFrame, NO_CALL_SITE, type ProfileBuilder } from '@heapray/exporter/profile';
import type { Ledger } from '../ledger/index.js';
import type { InUseByKind, ProfilePart } from '../profiles/profile-part.js';
import { MAIN_THREAD } from '../profiles/source-stacks.js';

/** Array buffers of the process that no sample stands for: made where no hook is. */
const UNATTRIBUTED = '(unattributed off-heap)';
/** Array buffers that samples stand for and that are likely to be garbage not collected yet. */
const UNCOLLECTED = '(uncollected off-heap)';
const KIND = 'array_buffer';

export interface OffHeapState {
  readonly ledger: Pick<Ledger, 'shownBytes' | 'uncollectedBytes'>;
  /** `process.memoryUsage().arrayBuffers` */
  readonly arrayBuffers: number;
}

/** Reconciles the Buffers by call site with all array buffers of the main thread, so that a profile has all. */
export class UnattributedOffHeap implements ProfilePart {
  readonly #state: () => OffHeapState | undefined;

  /** @param state undefined while Buffers are not followed */
  constructor(state: () => OffHeapState | undefined) {
    this.#state = state;
  }

  addTo(builder: ProfileBuilder, inUse: InUseByKind): void {
    const state = this.#state();
    if (!state) return;
    const { shownBytes, uncollectedBytes } = state.ledger;
    const rest = Math.round(state.arrayBuffers - shownBytes);
    const add = (name: string, bytes: number) => {
      if (bytes <= 0) return;
      builder.comment(`${name}: ${meaningOfPseudoFrame(name)}`);
      const root = builder.stack(undefined, builder.frame(NO_CALL_SITE, '', 0));
      const stack = builder.stack(root, builder.frame(name, '', 0));
      builder.add(stack, [0, 0, 0, bytes], builder.labels({ kind: KIND, thread: MAIN_THREAD }));
      inUse.add(KIND, bytes);
    };
    add(UNCOLLECTED, uncollectedBytes);
    add(UNATTRIBUTED, rest);
    if (rest < 0) {
      builder.comment(
        `array_buffer: the samples stand for ${-rest} bytes more than the ${state.arrayBuffers} bytes of array buffers that Node counts: sampling error, or Buffers whose end is not known yet`,
      );
    }
  }
}
