import type { CallSite } from './call-site.js';

/** Shown as the file of evaluated code, which has none. */
const EVALUATED = '(eval)';

/** Formats a call site as name, file, line and column, e.g. `(anonymous) src/orders.js:33:41`. */
export function siteLabel(site: Pick<CallSite, 'functionName' | 'shortFile' | 'line' | 'column'>): string {
  const { functionName, shortFile, line, column } = site;
  const file = shortFile === '' && functionName === '(anonymous)' ? EVALUATED : shortFile;
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  return place === '' ? functionName : `${functionName} ${place}`;
}
