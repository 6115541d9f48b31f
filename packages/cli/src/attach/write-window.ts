import path from 'node:path';
import { makePageData, pageHtml } from '@heapray/exporter/page';
import { UsageError } from '../errors.js';
import { pickColumn } from '../inputs/columns.js';
import { encode, formatOfName, type OutputFormat } from '../outputs/formats.js';
import { writeOutput } from '../outputs/write-output.js';
import type { SampledWindow } from './sampling/sample-window.js';

/** Formats of a sampled window: those of a profile, a memray capture, and a page. */
export type WindowFormat = OutputFormat | 'html';

/**
 * Returns the format of a file, by its name.
 *
 * @throws UsageError if its name has no known extension
 */
export function windowFormat(file: string): WindowFormat {
  if (/\.html?$/i.test(file)) return 'html';
  const format = formatOfName(file);
  if (format !== undefined) return format;
  throw new UsageError(
    `-o ${file}: its name does not tell the format; expected .pb.gz, .bin, .html, .otlp, .json, .folded or .heapprofile`,
  );
}

/**
 * Writes what was sampled to a file, in the format of its name.
 *
 * @throws CommandError (rejects) when the system refuses
 */
export async function writeWindow(file: string, window: SampledWindow): Promise<void> {
  const format = windowFormat(file);
  if (format === 'html') return writeOutput(file, [windowPage(window, path.basename(file))]);
  if (format === 'memray') return writeOutput(file, [window.capture()]);
  const column = pickColumn(window.profile, undefined, file);
  return writeOutput(file, await encode(window.profile, format, column.index, file));
}

/** Returns the page of what was sampled. */
export function windowPage({ profile }: SampledWindow, name: string): string {
  return pageHtml(makePageData([{ profile, name }]));
}
