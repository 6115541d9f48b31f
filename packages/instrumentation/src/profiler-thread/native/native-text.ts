import { byteText, durationText } from '../leaks/leak-message.js';
import type { NativeHeap } from './native-heap.js';
import type { NativeState } from './native-stacks.js';

const MAX_ROWS = 20;
/** Age of the earlier state that growth is measured from, in ms. */
const SINCE_MILLIS = 600_000;

/** Formats the native heap by function, with its growth since some minutes ago. */
export function nativeText(heap: NativeHeap, state: NativeState): readonly string[] {
  const before = heap.nearest(state.atMillis - SINCE_MILLIS);
  const rows = rowsOf(heap, state, before).sort((a, b) => b.bytes - a.bytes);
  const minutes = before === undefined ? 0 : (state.atMillis - before.atMillis) / 1000;
  const title = `Native heap: ${byteText(state.inUseBytes)} in use, estimated from jemalloc's samples.`;
  const shown = rows.slice(0, MAX_ROWS).map(({ name, bytes, growth }) => {
    const sign = growth < 0 ? '-' : '+';
    return `${byteText(bytes).padStart(11)}  ${`${sign}${byteText(Math.abs(growth))}`.padStart(12)}  ${name}`;
  });
  const heads = `${'in use'.padStart(11)}  ${(minutes >= 1 ? `in ${durationText(minutes)}` : 'growth').padStart(12)}  native function`;
  return [title, heads, ...shown];
}

interface Row {
  readonly name: string;
  bytes: number;
  growth: number;
}

function rowsOf({ stacks, frames }: NativeHeap, state: NativeState, before: NativeState | undefined): Row[] {
  const indices = new Set([...state.amounts.keys(), ...(before?.amounts.keys() ?? [])]);
  frames.lookUp(
    [...indices].map((index) => stacks.addresses(index)),
    state.mappings,
  );
  const rows = new Map<string, Row>();
  for (const index of indices) {
    const { name } = frames.of(stacks.addresses(index))[0]!;
    const row = rows.get(name) ?? { name, bytes: 0, growth: 0 };
    const bytes = state.amounts.get(index)?.inUse.bytes ?? 0;
    row.bytes += bytes;
    row.growth += bytes - (before === undefined ? bytes : (before.amounts.get(index)?.inUse.bytes ?? 0));
    rows.set(name, row);
  }
  return [...rows.values()];
}
