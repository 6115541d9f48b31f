export type ProfileViewName = 'flame' | 'table' | 'sandwich';

/** The views of a profile, with their titles. */
export const PROFILE_VIEWS: readonly (readonly [ProfileViewName, string])[] = [
  ['flame', 'Flame graph'],
  ['table', 'Table'],
  ['sandwich', 'Callers and callees'],
];

/** Rows of the table are functions. */
export const BY_FUNCTION = 'function';

/** Choices of the user in the views of a profile. Functions and columns are named, so that other profiles have them, too. */
export interface ProfileState {
  readonly view: ProfileViewName;
  /** Type of the column; empty for the one that the profile suggests. */
  readonly column: string;
  /** Kind of the table's rows: `function`, or the key of a label. */
  readonly group: string;
  readonly isInverted: boolean;
  readonly isOnlyOwn: boolean;
  /** Function of which callers and callees are shown, with its place; empty for the one that allocates most. */
  readonly fn: string;
  /** Value of each label to filter by. */
  readonly filters: ReadonlyMap<string, string>;
  readonly search: string;
  /** Frame of the flame graph that is zoomed to, see `zoomText`; empty for all. */
  readonly zoom: string;
  /** Column that the table is sorted by, see `orderText`; empty for the first one, from the largest. */
  readonly order: string;
}

export const FIRST_PROFILE_STATE: ProfileState = {
  view: 'flame',
  column: '',
  group: BY_FUNCTION,
  isInverted: false,
  isOnlyOwn: false,
  fn: '',
  filters: new Map(),
  search: '',
  zoom: '',
  order: '',
};
