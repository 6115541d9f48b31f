import type { LiveSort } from './model/live-model.js';
import type { LiveGroup } from './model/live-rows.js';

/** Choices of the user: rows, order, filter and position. */
export interface ViewState {
  readonly mode: 'table' | 'callers' | 'help';
  readonly group: LiveGroup;
  readonly sort: LiveSort;
  readonly filter: string;
  /** True while the filter is typed. */
  readonly isTyping: boolean;
  readonly isPaused: boolean;
  /** Key of the chosen row. Undefined: the first row, whichever that is. */
  readonly chosen: string | undefined;
  /** Number of rows, or of lines below the table, that are scrolled out at the top. */
  readonly top: number;
}

export const FIRST_VIEW: ViewState = {
  mode: 'table',
  group: 'function',
  sort: 'inUse',
  filter: '',
  isTyping: false,
  isPaused: false,
  chosen: undefined,
  top: 0,
};

/** Rows that were drawn last, for keys that depend on them. */
export interface DrawnRows {
  /** Keys of all rows, in the order of the table. */
  readonly keys: readonly string[];
  /** Index of the chosen row; 0 if there are none. */
  readonly chosen: number;
  /** Number of rows or lines of a page. */
  readonly page: number;
}
