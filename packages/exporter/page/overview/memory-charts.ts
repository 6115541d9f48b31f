import type { OverviewSubject } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { ageColor } from '../charts/age-colors.ts';
import { latest } from '../charts/chart-data.ts';
import { partColor } from '../charts/chart-theme.ts';
import { TimeChart } from '../charts/time-chart.ts';

const HEAP = 'heap';
/** Colours of the lines; none that the lowest parts of the resident memory have. */
const LINE_COLORS = [4, 5, 2];

/** The charts of the recent past: resident memory by part, and one small chart for each other value. */
export class MemoryCharts {
  readonly element: HTMLElement = element('div', { attributes: { class: 'charts' } });
  readonly #resident = new TimeChart({
    title: 'Resident memory',
    isStacked: true,
    isWide: true,
    height: 260,
    colorOf: (_, at) => partColor(at),
  });
  readonly #byAge = new TimeChart({
    title: 'In use by age',
    isStacked: true,
    isWide: false,
    height: 150,
    colorOf: ageColor,
  });
  readonly #lines = new Map<string, TimeChart>();

  /** Shows a subject; a chart without values is left out. */
  update({ timesMillis, resident, lines, inUseByAge = [], limits }: OverviewSubject): void {
    const named = limits.map(({ name, bytes }) => ({ name, value: bytes }));
    const shown: TimeChart[] = [];
    const known = resident.filter(({ values }) => latest(values) !== undefined);
    if (known.length > 0) shown.push(this.#resident);
    const drawn = lines.filter(({ values }) => latest(values) !== undefined);
    const heap = drawn.find(({ unit }) => unit === 'By');
    for (const { name } of drawn) {
      shown.push(this.#lineChart(name));
    }
    const ages = inUseByAge.filter(({ values }) => values.some((value) => value !== null && value > 0));
    if (ages.length > 0) shown.push(this.#byAge);
    // Moving a chart would take the focus away from it.
    const elements = shown.map((chart) => chart.element);
    const isSame = elements.length === this.element.children.length;
    if (!isSame || elements.some((each, at) => each !== this.element.children[at]))
      this.element.replaceChildren(...elements);
    this.element.hidden = shown.length === 0;
    this.#resident.update({
      timesMillis,
      series: known,
      limits: named.filter(({ name }) => name !== HEAP),
    });
    this.#byAge.update({ timesMillis, series: ages, limits: [] });
    for (const line of drawn) {
      const own = line === heap ? named.filter(({ name }) => name === HEAP) : [];
      this.#lineChart(line.name).update({ timesMillis, series: [line], limits: own });
    }
  }

  #lineChart(title: string): TimeChart {
    const known = this.#lines.get(title);
    if (known !== undefined) return known;
    const color = partColor(LINE_COLORS[this.#lines.size % LINE_COLORS.length]!);
    const options = { isStacked: false, isWide: false, height: 150, colorOf: () => color };
    const made = new TimeChart({ title, ...options });
    this.#lines.set(title, made);
    return made;
  }
}
