import {
  BY_FUNCTION,
  FIRST_PROFILE_STATE,
  PROFILE_VIEWS,
  type ProfileState,
  type ProfileViewName,
} from '../profile/profile-state.ts';

export type Tab = 'overview' | ProfileViewName | 'diff';

/** The tabs, with their titles. */
export const TABS: readonly (readonly [Tab, string])[] = [
  ['overview', 'Overview'],
  ...PROFILE_VIEWS,
  ['diff', 'Difference'],
];

/** End of a difference that means the present. */
export const NOW = 'now';

/** State of the page. All of it is in the URL, so that a link shows the same. */
export interface LiveState {
  readonly tab: Tab;
  /** Empty for the first one, and for a server without components. */
  readonly component: string;
  /** Name of the profile, see `PROFILE_CHOICES`. */
  readonly choice: string;
  /** Moments to compare, in ms since the Unix epoch; empty for the one in the middle. */
  readonly before: string;
  /** As `before`, or `now`. */
  readonly after: string;
  /** Component to compare with; empty to compare two moments. */
  readonly other: string;
  readonly profile: ProfileState;
}

export const FIRST_STATE: LiveState = {
  tab: 'overview',
  component: '',
  choice: 'heap',
  before: '',
  after: NOW,
  other: '',
  profile: FIRST_PROFILE_STATE,
};

const FILTER = 'label.';

/** Returns the hash of the URL for a state, with `#`. Defaults are left out. */
export function formatHash(state: LiveState): string {
  const { profile } = state;
  const parameters = new URLSearchParams({ tab: state.tab });
  const add = (name: string, value: string, usual: string): void => {
    if (value !== usual) parameters.set(name, value);
  };
  add('component', state.component, '');
  add('profile', state.choice, FIRST_STATE.choice);
  add('before', state.before, '');
  add('after', state.after, NOW);
  add('other', state.other, '');
  if (state.tab === 'diff') add('view', profile.view, 'flame');
  add('value', profile.column, '');
  add('rows', profile.group, BY_FUNCTION);
  add('inverted', profile.isInverted ? '1' : '', '');
  add('own', profile.isOnlyOwn ? '1' : '', '');
  add('function', profile.fn, '');
  for (const [key, value] of profile.filters) parameters.set(`${FILTER}${key}`, value);
  add('search', profile.search, '');
  add('zoom', profile.zoom, '');
  add('order', profile.order, '');
  return `#${parameters}`;
}

/** Returns the state that a hash stands for. Anything unknown is ignored. */
export function parseHash(hash: string): LiveState {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const get = (name: string, usual = ''): string => parameters.get(name) ?? usual;
  const tab = TABS.find(([name]) => name === get('tab'))?.[0] ?? 'overview';
  const filters = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (name.startsWith(FILTER)) filters.set(name.slice(FILTER.length), value);
  }
  return {
    tab,
    component: get('component'),
    choice: get('profile', FIRST_STATE.choice),
    before: get('before'),
    after: get('after', NOW),
    other: get('other'),
    profile: {
      view: viewOf(tab, get('view')),
      column: get('value'),
      group: get('rows', BY_FUNCTION),
      isInverted: get('inverted') === '1',
      isOnlyOwn: get('own') === '1',
      fn: get('function'),
      filters,
      search: get('search'),
      zoom: get('zoom'),
      order: get('order'),
    },
  };
}

/** Returns the same state on another tab. */
export function onTab(state: LiveState, tab: Tab): LiveState {
  return { ...state, tab, profile: { ...state.profile, view: viewOf(tab, state.profile.view) } };
}

function viewOf(tab: Tab, view: string): ProfileViewName {
  const wanted = tab === 'diff' ? view : tab;
  return PROFILE_VIEWS.find(([name]) => name === wanted)?.[0] ?? 'flame';
}
