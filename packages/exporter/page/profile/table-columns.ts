import { errorText, percent, quantity, share, signed } from '../basics/text.ts';
import { ageColor } from '../charts/age-colors.ts';
import { shareBar } from '../charts/share-bar.ts';
import { splitBar } from '../charts/split-bar.ts';
import type { Ages } from '../model/ages.ts';
import type { Amount } from '../model/amounts.ts';
import type { Pair, Row } from '../model/rows.ts';
import type { Uncertainty } from '../model/uncertainty.ts';

/** What the columns are made of. */
export interface ColumnOptions {
  readonly rows: readonly Row[];
  readonly unit: string;
  readonly isDiff: boolean;
  /** Shares are of its weight, which negative values do not lessen. */
  readonly total: Amount;
  /** Undefined for values without a standard error. */
  readonly uncertainty: Uncertainty | undefined;
  /** Undefined when not known. */
  readonly ages: Ages | undefined;
  /** Returns the share of what a row's function allocates that survives; undefined when no row has one. */
  readonly survivalOf: ((row: Row) => number | null) | undefined;
  /** Returns where a row's function starts; empty for none. */
  readonly placeOf: (row: Row) => string;
  /** Returns the package of a row's function; empty when unknown. */
  readonly packageOf: (row: Row) => string;
}

/** A column of numbers. */
export interface TableColumn {
  readonly title: string;
  /** Explanation, shown when the pointer rests on the title. */
  readonly hint?: string;
  /** Returns the amount of a row, by which the table is sorted. */
  readonly amountIn: (row: Row) => number;
  readonly textOf: (row: Row) => string;
  /** Returns a drawing below the text; `largest` is the largest amount of the column. */
  readonly picture?: (row: Row, largest: number) => readonly HTMLElement[];
  /** True if narrow screens leave it out. */
  readonly isExtra?: boolean;
}

/** Returns the columns of a table; the first one is sorted by at first. */
export function tableColumns(options: ColumnOptions): TableColumn[] {
  const columns = options.isDiff ? diffColumns(options) : plainColumns(options);
  const { uncertainty, ages, survivalOf } = options;
  return [
    columns[0]!,
    ...(uncertainty === undefined ? [] : [errorColumn(uncertainty)]),
    ...columns.slice(1),
    ...(ages === undefined ? [] : [ageColumn(ages)]),
    ...(survivalOf === undefined ? [] : [survivalColumn(survivalOf)]),
  ];
}

function plainColumns({ unit, total, rows, uncertainty }: ColumnOptions): TableColumn[] {
  const self: TableColumn = {
    title: 'Self',
    amountIn: (row) => row.self.after,
    textOf: (row) => `${quantity(row.self.after, unit)} (${share(row.self.after, total.weight)})`,
    picture: (row, largest) => [
      shareBar(row.self.after, largest, { isUncertain: isUncertain(row.self, uncertainty) }),
    ],
  };
  const all: TableColumn = {
    title: 'Total',
    amountIn: (row) => row.total.after,
    textOf: (row) => `${quantity(row.total.after, unit)} (${share(row.total.after, total.weight)})`,
  };
  return rows.some(({ fn }) => fn >= 0) ? [self, all] : [self];
}

function diffColumns({ unit, rows, uncertainty }: ColumnOptions): TableColumn[] {
  const column = (title: string, amountIn: (row: Row) => number, hasSign: boolean): TableColumn => {
    return { title, amountIn, textOf: (row) => (hasSign ? signed : quantity)(amountIn(row), unit) };
  };
  const change: TableColumn = {
    ...column('Change', ({ self }) => self.after - self.before, true),
    picture: ({ self }, largest) => {
      const value = self.after - self.before;
      return [shareBar(value, largest, { isChange: true, isUncertain: isUncertain(self, uncertainty) })];
    },
  };
  const columns = [
    change,
    { ...column('Before', ({ self }) => self.before, false), isExtra: true },
    { ...column('After', ({ self }) => self.after, false), isExtra: true },
  ];
  const all = column('Total change', ({ total }) => total.after - total.before, true);
  return rows.some(({ fn }) => fn >= 0) ? [...columns, all] : columns;
}

function isUncertain(pair: Pair, uncertainty: Uncertainty | undefined): boolean {
  return pair.after !== pair.before && uncertainty?.isUncertain(pair) === true;
}

function errorColumn(uncertainty: Uncertainty): TableColumn {
  return {
    title: '±',
    hint: `Standard error of the first column, relative to its value${uncertainty.isLeast ? ', at least' : ''}. Above 30% a value is uncertain.`,
    amountIn: ({ self }) => uncertainty.relative(self),
    textOf: ({ self }) => {
      return self.sampled === 0 ? '' : errorText(uncertainty.relative(self), uncertainty.isLeast);
    },
    isExtra: true,
  };
}

function ageColumn(ages: Ages): TableColumn {
  const sums = (row: Row): readonly number[] => ages.amountsOf(row.fn).map((value) => Math.max(0, value));
  return {
    title: 'Age',
    hint: 'Age of what is in use, the youngest on the left. Sorts by the share of the oldest.',
    amountIn: (row) => {
      const own = sums(row);
      const whole = own.reduce((sum, value) => sum + value, 0);
      // Each age counts more than all younger ones together.
      return whole === 0 ? -1 : own.reduce((score, value, at) => score + (value / whole) * 2 ** at, 0);
    },
    textOf: (row) => {
      const own = sums(row);
      const whole = own.reduce((sum, value) => sum + value, 0);
      const at = own.reduce((best, value, each) => (value > own[best]! ? each : best), 0);
      return whole === 0 ? '' : `${ages.names[at]} ${share(own[at]!, whole)}`;
    },
    picture: (row) => {
      const own = sums(row);
      const parts = ages.names.map((name, at) => ({ name, value: own[at]!, color: ageColor(name) }));
      return own.some((value) => value > 0) ? [splitBar(parts)] : [];
    },
    isExtra: true,
  };
}

function survivalColumn(survivalOf: (row: Row) => number | null): TableColumn {
  return {
    title: 'Survived',
    hint: 'Share of what was allocated some time ago that is still in use.',
    amountIn: (row) => survivalOf(row) ?? -1,
    textOf: (row) => {
      const survived = survivalOf(row);
      return survived === null ? '' : percent(survived);
    },
    isExtra: true,
  };
}
