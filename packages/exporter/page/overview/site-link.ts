import type { OverviewPlace } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { siteName } from '../model/find-function.ts';
import { FOCUS_KEY } from './section.ts';

/** Returns the link to the callers and callees of a call site. */
export type SiteHref = (site: OverviewPlace) => string;

/** Returns the name of a call site as a link to its callers and callees. */
export function siteLink(site: OverviewPlace, where: string, hrefOf: SiteHref): HTMLElement {
  const attributes = {
    href: hrefOf(site),
    title: 'Show its callers and callees',
    [FOCUS_KEY]: `${where} ${site.functionName} ${site.place}`,
  };
  return element('a', { text: siteName(site), attributes });
}
