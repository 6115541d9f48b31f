import uPlot from 'uplot';
import type { OverviewSeries } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { capital, clockText, quantity } from '../basics/text.ts';
import { THEME_CHANGED } from '../basics/theme.ts';
import { isNear, largestOf, latest, stacked, type Values, valueAt } from './chart-data.ts';
import { themeColor } from './chart-theme.ts';

/** Values and limits that a chart shows. */
export interface ChartData {
  /** Ascending, in ms since the Unix epoch. */
  readonly timesMillis: readonly number[];
  readonly series: readonly OverviewSeries[];
  readonly limits: readonly { readonly name: string; readonly value: number }[];
}

/** Options of a {@link TimeChart}. */
export interface TimeChartOptions {
  readonly title: string;
  /** False if the title is only for screen readers. Default true. */
  readonly hasHeading?: boolean;
  /** True to draw the series on top of each other, as parts of a whole. */
  readonly isStacked: boolean;
  /** True to take the whole width, with the table beside the chart. */
  readonly isWide: boolean;
  readonly height: number;
  /** Returns the colour of a series by its name and place. */
  readonly colorOf: (name: string, at: number) => string;
}

/** Steps between lines of bytes: powers of two, so that labels are round. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);
const MIN_WIDTH = 200;
/** All charts show the cursor at the same time. */
const SYNC_KEY = 'heapray';

/**
 * A chart of values over time, with a table of their values: at the cursor, or else the latest. The table is the legend, and
 * says to screen readers what the chart shows.
 */
export class TimeChart {
  readonly element: HTMLElement;
  readonly #options: TimeChartOptions;
  readonly #plotArea = element('div', {
    attributes: { class: 'plot', tabindex: '0', role: 'group' },
    on: {
      keydown: (event) => this.#keyPressed(event as KeyboardEvent),
      blur: () => this.#moveCursor(undefined),
    },
  });
  readonly #caption = element('caption');
  readonly #body = element('tbody');
  #data: ChartData = { timesMillis: [], series: [], limits: [] };
  #plot: uPlot | undefined;
  #shape = '';
  #cursor: number | undefined;

  constructor(options: TimeChartOptions) {
    this.#options = options;
    const table = element('table', { attributes: { class: 'values' } }, [this.#caption, this.#body]);
    this.element = element('div', { attributes: { class: options.isWide ? 'chart wide' : 'chart' } }, [
      ...(options.hasHeading === false ? [] : [element('h2', { text: capital(options.title) })]),
      this.#plotArea,
      table,
    ]);
    this.#plotArea.setAttribute(
      'aria-label',
      `${capital(options.title)} over time. Left and right move the cursor.`,
    );
    new ResizeObserver(() => this.#fit()).observe(this.#plotArea);
    document.addEventListener(THEME_CHANGED, () => this.#plot?.redraw());
  }

  /** Shows other data; keeps the cursor. */
  update(data: ChartData): void {
    this.#data = data;
    const limits = this.#nearLimits();
    const shape = JSON.stringify([data.series.map(({ name }) => name), limits.length]);
    if (shape !== this.#shape || this.#plot === undefined) {
      this.#shape = shape;
      this.#plot?.destroy();
      this.#plot = undefined;
      this.#create();
    } else this.#plot.setData(this.#aligned());
    this.#drawTable();
  }

  get #unit(): string {
    return this.#data.series[0]?.unit ?? '1';
  }

  #nearLimits(): ChartData['limits'] {
    const { series, limits } = this.#data;
    const shown = this.#options.isStacked ? stacked(series).slice(-1) : series.map(({ values }) => values);
    const largest = shown.reduce((most, values) => Math.max(most, largestOf(values)), 0);
    return limits.filter(({ value }) => isNear(value, largest));
  }

  /** Returns the data as uPlot wants it: times in seconds, the largest sum first, because later ones are drawn over it. */
  #aligned(): uPlot.AlignedData {
    const { timesMillis, series } = this.#data;
    const drawn: Values[] = this.#options.isStacked
      ? stacked(series).reverse()
      : series.map(({ values }) => values);
    const limits = this.#nearLimits().map(({ value }) => timesMillis.map(() => value));
    return [timesMillis.map((millis) => millis / 1000), ...drawn, ...limits] as uPlot.AlignedData;
  }

  #create(): void {
    const width = this.#plotArea.clientWidth;
    if (width === 0) return;
    const { isStacked, height } = this.#options;
    const count = this.#data.series.length;
    const isBytes = this.#unit !== '1';
    const axis: uPlot.Axis = {
      stroke: () => themeColor('--quiet'),
      grid: { stroke: () => themeColor('--line'), width: 1 },
      ticks: { stroke: () => themeColor('--line'), width: 1, size: 4 },
      font: '12px system-ui, sans-serif',
    };
    const colors = this.#colors();
    this.#plot = new uPlot(
      {
        width: Math.max(MIN_WIDTH, width),
        height,
        legend: { show: false },
        cursor: {
          y: false,
          drag: { x: false, y: false },
          points: { show: !isStacked },
          sync: { key: SYNC_KEY },
        },
        scales: {
          x: { time: true },
          y: { range: (_, __, most) => [0, most > 0 ? most * 1.06 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 30,
            space: 70,
            values: (_, splits) => splits.map((seconds) => this.#clock(seconds)),
          },
          {
            ...axis,
            size: this.#unit === 'By/min' ? 108 : 74,
            space: 28,
            values: (_, splits) => splits.map((value) => this.#text(value)),
            ...(isBytes ? { incrs: BYTE_STEPS } : {}),
          },
        ],
        series: [
          {},
          ...Array.from({ length: count }, (_, at): uPlot.Series => {
            const color = colors[isStacked ? count - 1 - at : at]!;
            return {
              stroke: isStacked ? () => themeColor('--back') : color,
              width: isStacked ? 1 : 2,
              ...(isStacked ? { fill: color } : { fill: `${color}30` }),
              points: { show: false },
              spanGaps: true,
            };
          }),
          ...this.#nearLimits().map((): uPlot.Series => {
            return { stroke: () => themeColor('--problem'), width: 2, dash: [6, 4], points: { show: false } };
          }),
        ],
        hooks: { setCursor: [(plot) => this.#cursorMoved(plot.cursor.idx ?? undefined)] },
      },
      this.#aligned(),
      this.#plotArea,
    );
  }

  #colors(): string[] {
    return this.#data.series.map(({ name }, at) => this.#options.colorOf(name, at));
  }

  #clock(seconds: number): string {
    const text = clockText(seconds * 1000);
    return text.endsWith(':00') ? text.slice(0, 5) : text;
  }

  #text(value: number): string {
    const rounded = this.#unit === '1' ? value : Math.round(value);
    const text = quantity(rounded, this.#unit === '1' ? '1' : 'bytes');
    return this.#unit === 'By/min' ? `${text}/min` : text;
  }

  #fit(): void {
    const width = this.#plotArea.clientWidth;
    if (width === 0) return;
    if (this.#plot === undefined) this.#create();
    else if (width !== this.#plot.width)
      this.#plot.setSize({ width: Math.max(MIN_WIDTH, width), height: this.#options.height });
  }

  #cursorMoved(index: number | undefined): void {
    if (index === this.#cursor) return;
    this.#cursor = index;
    this.#drawTable();
  }

  #keyPressed(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const last = this.#data.timesMillis.length - 1;
    const from = this.#cursor ?? last + 1;
    this.#moveCursor(Math.min(last, Math.max(0, from + step)));
    event.preventDefault();
  }

  #moveCursor(index: number | undefined): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    const seconds = index === undefined ? undefined : plot.data[0][index];
    const left = seconds === undefined ? -10 : plot.valToPos(seconds, 'x');
    plot.setCursor({ left, top: seconds === undefined ? -10 : 10 });
  }

  #drawTable(): void {
    const { timesMillis, series, limits } = this.#data;
    const last = series.reduce((most, { values }) => Math.max(most, latest(values)?.at ?? 0), 0);
    const at = this.#cursor ?? last;
    const time = timesMillis[at];
    this.#caption.textContent =
      time === undefined ? '' : `${this.#cursor === undefined ? 'Latest' : 'At'} ${clockText(time)} UTC`;
    const colors = this.#colors();
    const rows = series.map(({ name, values }, index) =>
      row(nameText(name), this.#maybe(valueAt(values, at)), colors[index]!),
    );
    // The highest area comes first, as in the chart.
    if (this.#options.isStacked) rows.reverse();
    const sum = this.#options.isStacked ? valueAt(stacked(series).at(-1) ?? [], at) : null;
    const base = this.#options.isStacked ? sum : valueAt(series[0]?.values ?? [], at);
    const near = this.#nearLimits();
    this.#body.replaceChildren(
      ...(sum === null || series.length < 2 ? [] : [row('All', this.#text(sum), undefined)]),
      ...rows,
      ...limits.map((limit) => {
        const used = base === null ? '' : ` (${Math.round((100 * base) / limit.value)}% used)`;
        const isDrawn = near.includes(limit);
        return row(`${limit.name} limit`, `${this.#text(limit.value)}${used}`, isDrawn ? 'limit' : undefined);
      }),
    );
  }

  #maybe(value: number | null): string {
    return value === null ? 'not known' : this.#text(value);
  }
}

function nameText(name: string): string {
  return name.replaceAll('_', ' ');
}

/** Returns a row of the table: with a swatch of the colour, of a limit's line, or none. */
function row(name: string, text: string, color: string | undefined): HTMLElement {
  const swatch = element('span', { attributes: { class: 'swatch', 'aria-hidden': 'true' } });
  if (color === 'limit') swatch.classList.add('limit');
  else if (color === undefined) swatch.classList.add('none');
  else swatch.style.background = color;
  return element('tr', {}, [
    element('th', { attributes: { scope: 'row' } }, [swatch, element('span', { text: name })]),
    element('td', { text, attributes: { class: 'number' } }),
  ]);
}
