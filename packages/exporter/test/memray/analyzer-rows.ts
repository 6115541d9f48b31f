import type { HeapRecord, MemrayAnalyzer } from '../../src/memray/index.js';

/**
 * The rows of an analysis as text, in an order of their own, without numbers that formats choose for themselves.
 *
 * @param firstLines whether with where functions start, which format 11 does not say
 */
export function analyzerRows(
  analyzer: MemrayAnalyzer,
  list: readonly HeapRecord[],
  firstLines = true,
): readonly string[] {
  const row = (record: HeapRecord) => {
    const { bytes, count, allocators, generation } = record;
    const { id, name } = analyzer.threads[record.thread]!;
    const thread = [`${id}`, name];
    const native = analyzer.nativeFrames(record).map(({ address, path }) => [`${address}`, path]);
    const locations = analyzer.locations(record).map(({ firstLine, ...location }) => {
      return firstLines ? { ...location, firstLine } : location;
    });
    const said = record.native === 0 ? 0 : generation;
    return JSON.stringify([bytes, count, allocators, thread, locations, native, said]);
  };
  return list.map(row).sort();
}
