import type { OverviewSuspect } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { byteText } from '../basics/text.ts';
import { isLine } from '../charts/chart-data.ts';
import { sparkline } from '../charts/sparkline.ts';
import { type SiteHref, siteLink } from './site-link.ts';

const INLINED = 'V8 may have inlined functions that it calls; open its callees.';

/** Returns a card for each leak suspect. */
export function suspectCards(suspects: readonly OverviewSuspect[], hrefOf: SiteHref): HTMLElement {
  const cards = suspects.map((suspect) => {
    const { place, packageName, bytes, bytesPerSecond, message, values } = suspect;
    const lines: Node[] = [
      element('h3', {}, [siteLink(suspect, 'suspect', hrefOf)]),
      element('p', { text: place, attributes: { class: 'place' } }),
    ];
    if (packageName !== '')
      lines.push(element('p', { text: `package ${packageName}`, attributes: { class: 'place' } }));
    lines.push(
      element('p', { attributes: { class: 'growth' } }, [
        element('strong', { text: `+${byteText(60 * bytesPerSecond)}/min` }),
        element('span', { text: `${byteText(bytes)} in use` }),
        ...(isLine(values) ? [sparkline(values)] : []),
      ]),
      element('p', { text: message.replaceAll('`', '') }),
      element('p', { text: INLINED, attributes: { class: 'quiet' } }),
    );
    return element('article', { attributes: { class: 'card' } }, lines);
  });
  return element('div', { attributes: { class: 'cards' } }, cards);
}
