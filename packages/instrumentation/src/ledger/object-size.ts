/**
 * The protocol gives a sample's bytes but not how many objects they stand for. V8 computes
 *
 *   sampleBytes = size x round(1 / (1 - e^(-size / interval)))
 *
 * with `size` a multiple of 8, so the possible sizes are the divisors of `sampleBytes` for which that
 * equation holds. For objects larger than a few intervals there is only one; for small ones there are
 * several, and their geometric mean is returned: an estimate, and to be marked as one.
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

/** Programs allocate few different sizes; past this many the answers are forgotten. */
const MAX_KNOWN = 4096;

/** {@link likelyObjectSize} for one interval, with a memory: each new size is a search among divisors. */
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
/** A heap number or an empty object's header: nothing smaller is allocated. */
const SMALLEST_OBJECT = 16;

function scaleOf(size: number, interval: number): number {
  return Math.round(1 / -Math.expm1(-size / interval));
}
