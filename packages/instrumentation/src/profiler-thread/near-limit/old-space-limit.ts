/** Default of `--max-semi-space-size` by major version of V8, in MiB; that of later versions is at most the last. */
const SEMI_SPACE_MEBIBYTES = [
  { fromNode: 26, mebibytes: 32 },
  { fromNode: 24, mebibytes: 64 },
  { fromNode: 0, mebibytes: 16 },
] as const;
/** Number of semi-spaces that V8 adds to the limit of its old generation. */
const SEMI_SPACES = 3;
/** Least share of the heap's limit that is for the old generation, unless an option says otherwise. */
const LEAST_OLD_SHARE = 0.75;
const MEBIBYTE = 2 ** 20;

/**
 * Returns the limit of V8's old generation, in bytes. The limit that Node reports is larger by what the young generation
 * may take: for `--max-old-space-size=64` it is 112 to 256 MiB. V8 gives up when the old generation exceeds its own.
 *
 * @param heapLimit `heap_size_limit` of `v8.getHeapStatistics()`
 * @param flags command line options of Node, `NODE_OPTIONS` before those of the command line
 * @param nodeVersion for example `24.21.0`
 */
export function oldSpaceLimit(heapLimit: number, flags: string, nodeVersion: string): number {
  const given = lastValue(flags, 'max-old-space-size');
  if (given !== undefined && given * MEBIBYTE <= heapLimit) return given * MEBIBYTE;
  const major = Number.parseInt(nodeVersion, 10);
  const byDefault = SEMI_SPACE_MEBIBYTES.find(({ fromNode }) => major >= fromNode)?.mebibytes ?? 0;
  const young = SEMI_SPACES * (lastValue(flags, 'max-semi-space-size') ?? byDefault) * MEBIBYTE;
  return Math.max(heapLimit - young, LEAST_OLD_SHARE * heapLimit);
}

/** Returns the last value of an option, which V8 also takes with underscores; undefined without a positive one. */
function lastValue(flags: string, option: string): number | undefined {
  const spelled = option.replaceAll('-', '[-_]');
  const last = [...flags.matchAll(new RegExp(`--${spelled}[= ](\\d+)`, 'g'))].at(-1);
  const value = Number(last?.[1] ?? 0);
  return value > 0 ? value : undefined;
}
