import type { OverviewAge } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { byteText, share } from '../basics/text.ts';
import { ageColor } from '../charts/age-colors.ts';
import { splitBar } from '../charts/split-bar.ts';

/** Returns the bar of what is in use by age, and the same as a list. */
export function ageBar(ages: readonly OverviewAge[]): HTMLElement[] {
  const whole = ages.reduce((sum, { bytes }) => sum + bytes, 0);
  const items = ages.map(({ name, bytes }) => {
    const swatch = element('span', { attributes: { class: 'swatch', 'aria-hidden': 'true' } });
    swatch.style.background = ageColor(name);
    const text = element('span', { text: `${name}: ${byteText(bytes)} (${share(bytes, whole)})` });
    return element('li', {}, [swatch, text]);
  });
  const parts = ages.map(({ name, bytes }) => ({ name, value: bytes, color: ageColor(name) }));
  const bar = splitBar(parts);
  bar.classList.add('thick');
  return [bar, element('ul', { attributes: { class: 'legend' } }, items)];
}
