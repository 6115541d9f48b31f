import type { OverviewSeries, OverviewSubject } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { isLine } from '../charts/chart-data.ts';
import { partColor } from '../charts/part-colors.ts';
import { TimeChart } from '../charts/time-chart.ts';

const HEAP = 'heap';
/** Colours of the lines; none that the lowest parts of the resident memory have. */
const LINE_COLORS = [4, 5, 2];

/** The charts of the recent past: resident memory by part, and one small chart for each other value. */
export class MemoryCharts {
  readonly element: HTMLElement;
  readonly #resident = new TimeChart({
    title: 'Resident memory',
    isStacked: true,
    isWide: true,
    height: 260,
    colorOf: partColor,
  });
  readonly #small = element('div', { attributes: { class: 'small-charts' } });
  readonly #lines = new Map<string, TimeChart>();

  constructor() {
    this.element = element('div', { attributes: { class: 'charts' } }, [this.#resident.element, this.#small]);
  }

  /** Shows a subject; a chart without values is left out. */
  update({ timesMillis, resident, lines, limits }: OverviewSubject): void {
    const named = limits.map(({ name, bytes }) => ({ name, value: bytes }));
    const known = resident.filter(
      ({ values }) => isLine(values) && values.some((value) => (value ?? 0) !== 0),
    );
    const drawn = lines.filter(({ values }) => isLine(values)).map(perMinute);
    const heap = drawn.find(({ unit }) => unit === 'By');
    this.#resident.element.hidden = known.length === 0;
    // Moving a chart would take the focus away from it.
    const small = drawn.map(({ name }) => this.#lineChart(name).element);
    const isSame = small.length === this.#small.children.length;
    if (!isSame || small.some((each, at) => each !== this.#small.children[at]))
      this.#small.replaceChildren(...small);
    this.element.hidden = known.length === 0 && small.length === 0;
    this.#resident.update({
      timesMillis,
      series: known,
      limits: named.filter(({ name }) => name !== HEAP),
    });
    for (const line of drawn) {
      const own = line === heap ? named.filter(({ name }) => name === HEAP) : [];
      this.#lineChart(line.name).update({ timesMillis, series: [line], limits: own });
    }
  }

  #lineChart(title: string): TimeChart {
    const known = this.#lines.get(title);
    if (known !== undefined) return known;
    const color = partColor('', LINE_COLORS[this.#lines.size % LINE_COLORS.length]!);
    const options = { isStacked: false, isWide: false, height: 150, colorOf: () => color };
    const made = new TimeChart({ title, ...options });
    this.#lines.set(title, made);
    return made;
  }
}

/** Returns a rate per minute, as all rates of the page are. */
function perMinute(series: OverviewSeries): OverviewSeries {
  if (series.unit !== 'By/s') return series;
  return {
    ...series,
    unit: 'By/min',
    values: series.values.map((value) => (value === null ? null : 60 * value)),
  };
}
