import type { OverviewAge, OverviewSubject } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { byteText, share } from '../basics/text.ts';
import { ageColor } from '../charts/age-colors.ts';
import { isLine, largestOf } from '../charts/chart-data.ts';
import { splitBar } from '../charts/split-bar.ts';
import { TimeChart } from '../charts/time-chart.ts';

/** Shows bytes in use by age: now as a bar, and over time as a chart where the past is known. */
export class AgeView {
  readonly element: HTMLElement;
  readonly #bar = element('div');
  readonly #chart = new TimeChart({
    title: 'In use by age over time',
    hasHeading: false,
    isStacked: true,
    isWide: true,
    height: 170,
    colorOf: ageColor,
  });

  constructor() {
    this.element = element('section', { attributes: { class: 'section' } }, [
      element('h2', { text: 'In use by age' }),
      this.#bar,
      this.#chart.element,
    ]);
  }

  update({ ages, inUseByAge = [], timesMillis }: OverviewSubject): void {
    const isKnown = ages.some(({ bytes }) => bytes > 0);
    this.element.hidden = !isKnown;
    if (!isKnown) return;
    const series = inUseByAge.filter(({ values }) => isLine(values) && largestOf(values) > 0);
    const hasPast = series.length > 0;
    // The table of the chart says what the list says.
    this.#bar.replaceChildren(...(hasPast ? ageBar(ages).slice(0, 1) : ageBar(ages)));
    this.#chart.element.hidden = !hasPast;
    if (hasPast) this.#chart.update({ timesMillis, series, limits: [] });
  }
}

/** Returns the bar of what is in use by age, and the same as a list. */
function ageBar(ages: readonly OverviewAge[]): HTMLElement[] {
  const whole = ages.reduce((sum, { bytes }) => sum + bytes, 0);
  const items = ages.map(({ name, bytes }) => {
    const swatch = element('span', { attributes: { class: 'swatch', 'aria-hidden': 'true' } });
    swatch.style.background = ageColor(name);
    const text = element('span', { text: `${name}: ${byteText(bytes)} (${share(bytes, whole)})` });
    return element('li', {}, [swatch, text]);
  });
  const bar = splitBar(ages.map(({ name, bytes }) => ({ name, value: bytes, color: ageColor(name) })));
  bar.classList.add('thick');
  return [bar, element('ul', { attributes: { class: 'legend' } }, items)];
}
