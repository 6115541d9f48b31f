import type { HeapRecord, MemrayAnalyzer } from '../../../src/memray/index.js';

/**
 * Returns the rows of an analysis as sorted text, without numbers that formats assign themselves.
 *
 * @param firstLines whether to include where functions start, which format 11 does not contain
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
