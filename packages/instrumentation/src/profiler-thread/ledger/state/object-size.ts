/**
 * Estimates the size of a sampled object. The protocol gives a sample's bytes but not the number of objects
 * they stand for. V8 computes
 *
 *   sampleBytes = size x round(1 / (1 - e^(-size / interval)))
 *
 * with `size` a multiple of 8. So the possible sizes are the divisors of `sampleBytes` for which that
 * equation holds. For objects larger than a few intervals there is only one. For small ones there are
 * several, and their geometric mean is returned, which must be labelled as an estimate.
 *
 * @param sampleBytes the protocol's `size` of one sample
 * @param interval mean bytes between samples
 * @returns the likely size of the sampled object in bytes; at least 8
 */
export function likelyObjectSize(sampleBytes: number, interval: number): number {
  const words = sampleBytes / WORD;
  const fallback = Math.max(WORD, Math.min(sampleBytes, interval));
  if (!Number.isInteger(words) || words <= 0) return fallback;
  let logs = 0;
  let candidates = 0;
  const consider = (size: number) => {
    if (size < SMALLEST_OBJECT || size * scaleOf(size, interval) !== sampleBytes) return;
    logs += Math.log(size);
    candidates++;
  };
  for (let divisor = 1; divisor * divisor <= words; divisor++) {
    if (words % divisor !== 0) continue;
    consider(divisor * WORD);
    if (divisor * divisor !== words) consider((words / divisor) * WORD);
  }
  return candidates === 0 ? fallback : Math.exp(logs / candidates);
}

/**
 * Maximum number of cached answers, after which the cache is cleared; programs allocate few different sizes.
 */
const MAX_KNOWN = 4096;

/** Caches {@link likelyObjectSize} for one interval, because each new size is a search among divisors. */
export class ObjectSizes {
  readonly #interval: number;
  readonly #known = new Map<number, number>();

  constructor(interval: number) {
    this.#interval = interval;
  }

  likely(sampleBytes: number): number {
    const known = this.#known.get(sampleBytes);
    if (known !== undefined) return known;
    const size = likelyObjectSize(sampleBytes, this.#interval);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(sampleBytes, size);
    return size;
  }
}

const WORD = 8;
/** Smallest allocation, in bytes: a heap number or an empty object's header. */
const SMALLEST_OBJECT = 16;

function scaleOf(size: number, interval: number): number {
  return Math.round(1 / -Math.expm1(-size / interval));
}
