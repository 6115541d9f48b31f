import type { OverviewSite } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { byteText, percent, quantity } from '../basics/text.ts';
import { shareBar } from '../charts/share-bar.ts';
import { sparkline } from '../charts/sparkline.ts';
import { type SiteHref, siteLink } from './site-link.ts';

/** Standard error, relative to the value, from which on a value is shown as uncertain; as in the flame graph. */
const UNCERTAIN_FROM = 0.3;

/** Returns the table of call sites. */
export function siteTable(sites: readonly OverviewSite[], hrefOf: SiteHref): HTMLElement {
  const largest = sites.reduce((most, { inUseBytes }) => Math.max(most, inUseBytes), 0);
  const hasObjects = sites.some(({ inUseObjects }) => inUseObjects > 0);
  const hasValues = sites.some(({ values }) => values?.some((value) => value !== null) === true);
  const hasSurvival = sites.some(({ survivedShare }) => survivedShare !== null);
  const heading = (text: string, className: string): HTMLElement =>
    element('th', { text, attributes: { scope: 'col', class: className } });
  const head = [
    heading('In use', 'number'),
    ...(hasValues ? [heading('Last hour', 'number extra')] : []),
    ...(hasObjects ? [heading('Objects', 'number extra')] : []),
    heading('Allocated', 'number extra'),
    ...(hasSurvival ? [heading('Survived', 'number extra')] : []),
    heading('Call site', ''),
  ];
  const rows = sites.map((site) => {
    const { inUseBytes, inUseObjects, allocatedBytes, survivedShare, standardError } = site;
    const isUncertain =
      standardError !== null && inUseBytes > 0 && standardError >= UNCERTAIN_FROM * inUseBytes;
    const error = standardError === null || standardError === 0 ? '' : ` ± ${byteText(standardError)}`;
    const number = (text: string): HTMLElement =>
      element('td', { text, attributes: { class: 'number extra' } });
    return element('tr', {}, [
      element('td', { attributes: { class: 'number' } }, [
        element('span', { text: byteText(inUseBytes) }),
        element('span', { text: error, attributes: { class: 'quiet extra' } }),
        shareBar(inUseBytes, largest, { isUncertain }),
      ]),
      ...(hasValues
        ? [element('td', { attributes: { class: 'extra' } }, [sparkline(site.values ?? [])])]
        : []),
      ...(hasObjects ? [number(quantity(Math.round(inUseObjects), 'count'))] : []),
      number(byteText(allocatedBytes)),
      ...(hasSurvival ? [number(survivedShare === null ? '' : percent(survivedShare))] : []),
      element('td', { attributes: { class: 'name' } }, [
        siteLink(site, 'site', hrefOf),
        ...(site.packageName === ''
          ? []
          : [element('span', { text: site.packageName, attributes: { class: 'tag' } })]),
        element('span', { text: site.place, attributes: { class: 'place' } }),
      ]),
    ]);
  });
  return element('div', { attributes: { class: 'table' } }, [
    element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)]),
  ]);
}
