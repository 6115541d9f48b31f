import type { CapturesSummary } from './captures-summary.js';
import { filesNote, markdownReport } from './markdown.js';
import { NO_TOTALS, overviewRows, statsSections } from './stats-text.js';

/** Formats the figures of captures as Markdown. */
export function statsMarkdown(summary: CapturesSummary): Iterable<string> {
  const { captures, stats } = summary;
  const sections = Array.from(statsSections(summary)).filter(({ rows }) => rows.length > 0);
  return markdownReport({
    title: captures.length > 1 ? `Statistics of ${captures.length} captures` : 'Statistics of a capture',
    tables: [
      { head: ['FIGURE', 'VALUE'], columns: ['left', 'code'], rows: overviewRows(summary) },
      ...sections.map(({ title, head, rows, numbers }) => ({
        title,
        head,
        columns: head.map((_, at) => (at < numbers ? 'right' : 'code')),
        rows,
      })),
    ],
    notes: [...filesNote(captures.map(({ file }) => file)), ...(stats === undefined ? [NO_TOTALS] : [])],
  });
}
