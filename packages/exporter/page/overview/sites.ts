import type { OverviewSite } from '../../src/page/overview-data.ts';
import { button, element } from '../basics/dom.ts';
import { byteText, percent, quantity } from '../basics/text.ts';
import { isLine } from '../charts/chart-data.ts';
import { shareBar } from '../charts/share-bar.ts';
import { sparkline } from '../charts/sparkline.ts';
import { FOCUS_KEY } from './section.ts';
import { type SiteHref, siteLink } from './site-link.ts';

/** Standard error, relative to the value, from which on a value is shown as uncertain; as in the flame graph. */
const UNCERTAIN_FROM = 0.3;

/** Number of call sites that are shown at first. */
const FIRST = 10;

/** The table of call sites: those with most, or all that are known. */
export class SiteList {
  readonly #hrefOf: SiteHref;
  #showsAll = false;

  constructor(hrefOf: SiteHref) {
    this.#hrefOf = hrefOf;
  }

  /** Returns the table, in which `past` is the title of what has been in use, and a button that shows more. */
  draw(sites: readonly OverviewSite[], past: string): HTMLElement[] {
    const table = (): HTMLElement =>
      siteTable(this.#showsAll ? sites : sites.slice(0, FIRST), past, this.#hrefOf);
    const shown = table();
    const rest = sites.length - FIRST;
    if (this.#showsAll || rest <= 0) return [shown];
    const more = button(
      `Show ${rest} more`,
      () => {
        this.#showsAll = true;
        shown.replaceWith(table());
        more.remove();
      },
      { [FOCUS_KEY]: 'more sites' },
    );
    return [shown, more];
  }
}

function siteTable(sites: readonly OverviewSite[], past: string, hrefOf: SiteHref): HTMLElement {
  const largest = sites.reduce((most, { inUseBytes }) => Math.max(most, inUseBytes), 0);
  const hasObjects = sites.some(({ inUseObjects }) => inUseObjects > 0);
  const hasValues = sites.some(({ values = [] }) => isLine(values));
  const hasSurvival = sites.some(({ survivedShare }) => survivedShare !== null);
  const heading = (text: string, className: string): HTMLElement =>
    element('th', { text, attributes: { scope: 'col', class: className } });
  const head = [
    heading('In use', 'number'),
    ...(hasValues ? [heading(past, 'number extra')] : []),
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
        ? [
            element(
              'td',
              { attributes: { class: 'extra' } },
              isLine(site.values ?? []) ? [sparkline(site.values ?? [])] : [],
            ),
          ]
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
