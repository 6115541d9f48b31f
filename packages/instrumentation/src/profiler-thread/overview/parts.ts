import type { OverviewPart } from '@heapray/exporter/page';
import { originText } from '../../protocol/memory-origin.js';
import { byteText } from '../leaks/leak-message.js';
import type { LedgerSource } from '../ledger/index.js';

/** Returns what each memory source of the process has; empty for the heap of the main thread alone. */
export function partsOf(sources: readonly LedgerSource[]): OverviewPart[] {
  if (sources.length < 2) return [];
  return sources.map((source) => {
    const { ledger } = source;
    return {
      name: originText(source) || 'main thread',
      facts: [
        { name: 'In use', text: byteText(ledger.totalInUseBytes) },
        { name: 'Allocated', text: byteText(ledger.counts.sampledBytes) },
        { name: 'Sampled every', text: byteText(ledger.samplingInterval) },
      ],
    };
  });
}
