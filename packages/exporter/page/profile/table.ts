import { button, element } from '../basics/dom.ts';
import type { Row } from '../model/rows.ts';
import { type ColumnOptions, type TableColumn, tableColumns } from './table-columns.ts';

/** Options and callbacks of the table. */
export interface TableOptions extends ColumnOptions {
  /** Title of the column of names. */
  readonly what: string;
  readonly search: string;
  /** Column to sort by at first, see {@link orderText}. */
  readonly order: string;
  /** Called when the user has sorted. */
  readonly ordered: (order: string) => void;
  /** Called for a function that is chosen. */
  readonly chosen: (fn: number) => void;
}

const ROWS_AT_ONCE = 200;
const RISING = '-';

/** A sortable table of functions or labels. */
export class TableView {
  readonly element: HTMLElement = element('div', { attributes: { class: 'table' } });
  readonly #options: TableOptions;
  readonly #columns: readonly TableColumn[];
  #sorted = 0;
  #isRising = false;
  #limit = ROWS_AT_ONCE;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#columns = tableColumns(options);
    this.#isRising = options.order.startsWith(RISING);
    const title = options.order.slice(this.#isRising ? RISING.length : 0);
    this.#sorted = Math.max(
      0,
      this.#columns.findIndex((column) => column.title === title),
    );
    this.draw();
  }

  draw(): void {
    const { what, search, rows, placeOf, packageOf } = this.#options;
    const wanted = search.trim().toLowerCase();
    const text = (row: Row) => `${row.name}\0${placeOf(row)}\0${packageOf(row)}`.toLowerCase();
    const found = rows.filter((row) => text(row).includes(wanted));
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

  #heading({ title, isExtra, hint }: TableColumn, at: number): HTMLElement {
    const isSorted = at === this.#sorted;
    const direction = this.#isRising ? 'ascending' : 'descending';
    const arrow = this.#isRising ? ' ▲' : ' ▼';
    const attributes = {
      scope: 'col',
      'aria-sort': isSorted ? direction : 'none',
      class: isExtra ? 'extra' : '',
      ...(hint === undefined ? {} : { title: hint }),
    };
    return element('th', { attributes }, [
      button(`${title}${isSorted ? arrow : ''}`, () => this.#sortBy(at)),
    ]);
  }

  #sortBy(column: number): void {
    this.#isRising = column === this.#sorted && !this.#isRising;
    this.#sorted = column;
    this.draw();
    const { title } = this.#columns[column]!;
    this.#options.ordered(column === 0 && !this.#isRising ? '' : orderText(title, this.#isRising));
    this.element.querySelectorAll<HTMLElement>('th button')[column]?.focus();
  }

  #row(row: Row, largest: readonly number[]): HTMLElement {
    const { placeOf, packageOf, chosen } = this.#options;
    const cells = this.#columns.map((column, at) => {
      const className = column.isExtra ? 'number extra' : 'number';
      return element('td', { text: column.textOf(row), attributes: { class: className } }, [
        ...(column.picture?.(row, largest[at]!) ?? []),
      ]);
    });
    const name = row.fn < 0 ? element('span', { text: row.name }) : button(row.name, () => chosen(row.fn));
    const owner = packageOf(row);
    const where = placeOf(row);
    const parts = [
      name,
      ...(owner === '' ? [] : [element('span', { text: owner, attributes: { class: 'tag' } })]),
      ...(where === '' ? [] : [element('span', { text: where, attributes: { class: 'place' } })]),
    ];
    return element('tr', {}, [...cells, element('td', { attributes: { class: 'name' } }, parts)]);
  }
}

/** Returns the text of an order: the title of the column, after `-` if the smallest amount comes first. */
function orderText(title: string, isRising: boolean): string {
  return `${isRising ? RISING : ''}${title}`;
}
