import type { OverviewPlace } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { FOCUS_KEY } from './section.ts';

/** Returns the link to the flame graph with a call site found. */
export type SiteHref = (site: OverviewPlace) => string;

/** Returns the name of a call site as a link to the flame graph. */
export function siteLink(site: OverviewPlace, where: string, hrefOf: SiteHref): HTMLElement {
  const attributes = {
    href: hrefOf(site),
    title: 'Find it in the flame graph',
    [FOCUS_KEY]: `${where} ${site.functionName} ${site.place}`,
  };
  return element('a', { text: site.functionName, attributes });
}
