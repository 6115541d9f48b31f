import type { CallSite } from './call-site.js';

/** Stands for the file of evaluated code, which has none. */
const EVALUATED = '(eval)';

/** A call site as messages and tables show it, e.g. `(anonymous) src/orders.js:33:41`: name, file, line and column. */
export function siteLabel(site: Pick<CallSite, 'functionName' | 'shortFile' | 'line' | 'column'>): string {
  const { functionName, shortFile, line, column } = site;
  const file = shortFile === '' && functionName === '(anonymous)' ? EVALUATED : shortFile;
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  return place === '' ? functionName : `${functionName} ${place}`;
}
