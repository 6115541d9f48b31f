import type { CallSite } from '../../../protocol/messages.js';

/** Shown as the file of evaluated code, which has none. */
const EVALUATED = '(eval)';

type Site = Pick<CallSite, 'functionName' | 'shortFile' | 'line' | 'column'>;

/** Formats a call site as name, file, line and column, e.g. `(anonymous) src/orders.js:33:41`. */
export function siteLabel(site: Site): string {
  const place = sitePlace(site);
  return place === '' ? site.functionName : `${site.functionName} ${place}`;
}

/** Formats the position of a call site, e.g. `src/orders.js:33:41`; empty when unknown. */
export function sitePlace({ functionName, shortFile, line, column }: Site): string {
  const file = shortFile === '' && functionName === '(anonymous)' ? EVALUATED : shortFile;
  return line > 0 ? `${file}:${line}:${column}` : file;
}
