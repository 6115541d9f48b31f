import type { OverviewSuspect } from '../../src/page/overview-data.ts';
import { button, copy, element } from '../basics/dom.ts';
import { byteText } from '../basics/text.ts';
import { isLine } from '../charts/chart-data.ts';
import { sparkline } from '../charts/sparkline.ts';
import { FOCUS_KEY } from './section.ts';
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

/** Returns the command that says what holds the objects, with a button to copy it, for a server that takes no heap snapshots. */
export function holdersHint(pid: string): HTMLElement {
  const command = `heapray retainers ${pid}`;
  const copied = button('Copy command', () => void copyTo(copied), { [FOCUS_KEY]: 'holders' });
  const copyTo = async (pressed: HTMLElement): Promise<void> => {
    pressed.textContent = (await copy(command)) ? 'Copied' : 'Not allowed by the browser';
  };
  return element('p', { attributes: { class: 'holders' } }, [
    element('span', { text: 'Who holds these objects: ' }),
    element('code', { text: command }),
    element('span', {
      text: ' on the machine of the process. It asks first, because it stops the process for seconds. ',
    }),
    copied,
  ]);
}
