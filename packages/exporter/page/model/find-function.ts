import type { OverviewPlace } from '../../src/page/overview-data.ts';
import { functionText, place } from '../basics/text.ts';
import type { FunctionInfo } from './model.ts';

const ANONYMOUS = '(anonymous)';

/** Returns the name of a call site: that of its function, or for one without a name its file and line, as profiles have it. */
export function siteName({ functionName, place: where }: OverviewPlace): string {
  const end = where.slice(Math.max(where.lastIndexOf('/'), where.lastIndexOf('\\')) + 1);
  return functionName === ANONYMOUS && end !== '' ? `(anonymous ${end})` : functionName;
}

/** Returns a call site as a text that {@link findFunction} finds. */
export function siteText(site: OverviewPlace): string {
  return site.place === '' ? site.functionName : `${siteName(site)} (${site.place})`;
}

/**
 * Returns the index of the function that a text names, or -1. The text is a name with a place; the place may have fewer
 * folders than that of the profile, and an older profile may have another line of the same file.
 */
export function findFunction(functions: readonly FunctionInfo[], text: string): number {
  if (text === '') return -1;
  const find = (isFound: (fn: FunctionInfo, where: string) => boolean): number =>
    functions.findIndex((fn) => {
      const isNamed = text.startsWith(`${fn.name} (`) && text.endsWith(')');
      return isNamed && isFound(fn, text.slice(fn.name.length + 2, -1));
    });
  const exact = functions.findIndex((fn) => functionText(fn) === text);
  if (exact >= 0) return exact;
  const byPlace = find((fn, where) => endsWithPath(place(fn), where));
  if (byPlace >= 0) return byPlace;
  const byFile = find((fn, where) => endsWithPath(fn.file, where.replace(/(?::\d+){1,2}$/, '')));
  return byFile >= 0 ? byFile : functions.findIndex(({ name }) => name === text);
}

/** Returns whether a path ends with whole folders and the file of another one. */
export function endsWithPath(path: string, end: string): boolean {
  return path === end || path.endsWith(`/${end}`) || path.endsWith(`\\${end}`);
}
