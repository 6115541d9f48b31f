import type { Amount } from './amounts.ts';
import { button, element } from './dom.ts';
import type { Row } from './rows.ts';
import { quantity, share, signed } from './text.ts';

/** Options and callbacks of the table. */
export interface TableOptions {
  readonly rows: readonly Row[];
  /** Title of the first column. */
  readonly what: string;
  readonly unit: string;
  readonly isDiff: boolean;
  /** Shares are of its weight, which negative values do not lessen. */
  readonly total: Amount;
  readonly search: string;
  /** Returns where a row's function starts; empty for none. */
  readonly placeOf: (row: Row) => string;
  /** Called for a function that is chosen. */
  readonly chosen: (fn: number) => void;
}

interface Column {
  readonly title: string;
  readonly amountIn: (row: Row) => number;
  readonly textOf: (row: Row) => string;
  /** True if a bar shows the share of the largest. */
  readonly hasBar: boolean;
}

const ROWS_AT_ONCE = 200;

/** A sortable table of functions or labels. */
export class TableView {
  readonly element: HTMLElement = element('div', { attributes: { class: 'table' } });
  readonly #options: TableOptions;
  readonly #columns: readonly Column[];
  #sorted = 0;
  #isRising = false;
  #limit = ROWS_AT_ONCE;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#columns = options.isDiff ? diffColumns(options) : plainColumns(options);
    this.draw();
  }

  draw(): void {
    const { what, search, rows } = this.#options;
    const wanted = search.trim().toLowerCase();
    const found = rows.filter(({ name, file }) => `${name}\0${file}`.toLowerCase().includes(wanted));
    if (found.length === 0) {
      this.element.replaceChildren(element('p', { text: 'No row matches.', attributes: { class: 'state' } }));
      return;
    }
    const { amountIn } = this.#columns[this.#sorted]!;
    const sign = this.#isRising ? 1 : -1;
    const sorted = found.sort((a, b) => sign * (amountIn(a) - amountIn(b)) || (a.name < b.name ? -1 : 1));
    const largest = this.#columns.map((column) => {
      return found.reduce((most, row) => Math.max(most, Math.abs(column.amountIn(row))), 0);
    });
    const body = element('tbody');
    for (const row of sorted.slice(0, this.#limit)) body.append(this.#row(row, largest));
    const head = element('thead', {}, [
      element('tr', {}, [
        ...this.#columns.map((column, at) => this.#heading(column, at)),
        element('th', { text: what, attributes: { scope: 'col' } }),
      ]),
    ]);
    const more = sorted.length - this.#limit;
    this.element.replaceChildren(element('table', {}, [head, body]));
    if (more > 0) this.element.append(button(`Show more (${more} left)`, () => this.#showMore()));
  }

  #showMore(): void {
    this.#limit += ROWS_AT_ONCE;
    this.draw();
  }

  #heading({ title }: Column, at: number): HTMLElement {
    const isSorted = at === this.#sorted;
    const direction = this.#isRising ? 'ascending' : 'descending';
    const arrow = this.#isRising ? ' ▲' : ' ▼';
    return element('th', { attributes: { scope: 'col', 'aria-sort': isSorted ? direction : 'none' } }, [
      button(`${title}${isSorted ? arrow : ''}`, () => this.#sortBy(at)),
    ]);
  }

  #sortBy(column: number): void {
    this.#isRising = column === this.#sorted && !this.#isRising;
    this.#sorted = column;
    this.draw();
    this.element.querySelectorAll<HTMLElement>('th button')[column]?.focus();
  }

  #row(row: Row, largest: readonly number[]): HTMLElement {
    const { placeOf, chosen } = this.#options;
    const cells = this.#columns.map((column, at) => {
      const cell = element('td', { text: column.textOf(row), attributes: { class: 'number' } });
      if (column.hasBar) cell.append(bar(column.amountIn(row), largest[at]!, this.#options.isDiff));
      return cell;
    });
    const name = row.fn < 0 ? element('span', { text: row.name }) : button(row.name, () => chosen(row.fn));
    const where = placeOf(row);
    const parts =
      where === '' ? [name] : [name, element('span', { text: where, attributes: { class: 'place' } })];
    return element('tr', {}, [...cells, element('td', { attributes: { class: 'name' } }, parts)]);
  }
}

function bar(value: number, largest: number, isDiff: boolean): HTMLElement {
  const made = element('span', { attributes: { class: 'bar', 'aria-hidden': 'true' } });
  made.style.width = `${largest === 0 ? 0 : (100 * Math.abs(value)) / largest}%`;
  if (isDiff) made.classList.add(value > 0 ? 'grew' : 'shrank');
  return made;
}

function plainColumns({ unit, total, rows }: TableOptions): Column[] {
  const self: Column = {
    title: 'Self',
    amountIn: (row) => row.self.after,
    textOf: (row) => `${quantity(row.self.after, unit)} (${share(row.self.after, total.weight)})`,
    hasBar: true,
  };
  const all: Column = {
    title: 'Total',
    amountIn: (row) => row.total.after,
    textOf: (row) => `${quantity(row.total.after, unit)} (${share(row.total.after, total.weight)})`,
    hasBar: false,
  };
  return rows.some(({ fn }) => fn >= 0) ? [self, all] : [self];
}

function diffColumns({ unit, rows }: TableOptions): Column[] {
  const column = (title: string, amountIn: (row: Row) => number, hasSign: boolean): Column => {
    const textOf = (row: Row): string => (hasSign ? signed : quantity)(amountIn(row), unit);
    return { title, amountIn, textOf, hasBar: title === 'Change' };
  };
  const columns = [
    column('Change', ({ self }) => self.after - self.before, true),
    column('Before', ({ self }) => self.before, false),
    column('After', ({ self }) => self.after, false),
  ];
  const all = column('Total change', ({ total }) => total.after - total.before, true);
  return rows.some(({ fn }) => fn >= 0) ? [...columns, all] : columns;
}
