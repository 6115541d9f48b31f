import type { NearLimit } from '../../protocol/messages.js';

/** A limit of the process's memory: that of V8's heap, or of the control group. */
export type LimitKind = NearLimit['kind'];

/** Use of a limit at one moment, in bytes. */
export interface LimitUse {
  readonly kind: LimitKind;
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** Bytes that V8 has got from the system for its heap; undefined while its use is only an upper bound. */
  readonly committedBytes?: number | undefined;
}

/** Share of a limit from which a profile is kept on disk. */
export const NEAR_SHARE = 0.8;
/**
 * V8 gives up when it can commit no more memory, even if objects of unlucky sizes leave a quarter of it free. So
 * committed memory counts too, less than used memory, and only above this share that is used.
 */
const FRAGMENTED_SHARE = 0.6;
const COMMITTED_LESS = 0.1;

/** Returns how much of a limit is used, 0 to about 1. */
export function shareOf({ usedBytes, limitBytes, committedBytes = 0 }: LimitUse): number {
  const share = usedBytes / limitBytes;
  if (share < FRAGMENTED_SHARE) return share;
  return Math.max(share, Math.min(1, committedBytes / limitBytes) - COMMITTED_LESS);
}

/** Returns by how much a process must grow until a limit may be near, in bytes; not above 0 if it is near. */
export function bytesUntilNear({ usedBytes, limitBytes, committedBytes = 0 }: LimitUse): number {
  const untilFragmented = Math.max(
    FRAGMENTED_SHARE * limitBytes - usedBytes,
    (NEAR_SHARE + COMMITTED_LESS) * limitBytes - committedBytes,
  );
  return Math.min(NEAR_SHARE * limitBytes - usedBytes, untilFragmented);
}

/** Returns the use that is nearest to its limit; undefined if there is none. */
export function nearestUse(uses: readonly LimitUse[]): LimitUse | undefined {
  return uses.reduce<LimitUse | undefined>(
    (nearest, use) => (nearest && shareOf(nearest) >= shareOf(use) ? nearest : use),
    undefined,
  );
}
