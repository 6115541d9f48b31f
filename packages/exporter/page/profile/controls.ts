import { button, checkbox, choice } from '../basics/dom.ts';
import { columnTitle } from '../basics/text.ts';
import { labelValues } from '../model/amounts.ts';
import type { Model } from '../model/model.ts';
import { BY_FUNCTION, PROFILE_VIEWS, type ProfileState, type ProfileViewName } from './profile-state.ts';

/** Returns the buttons that switch between the views. */
export function viewButtons(shown: ProfileViewName, open: (view: ProfileViewName) => void): HTMLElement[] {
  return PROFILE_VIEWS.map(([view, text]) =>
    button(text, () => open(view), { 'aria-pressed': `${view === shown}` }),
  );
}

/** Returns the controls of a view: column, rows, filters, kind of flame graph. */
export function controls(
  model: Model,
  state: ProfileState,
  column: number,
  change: (change: Partial<ProfileState>) => void,
): HTMLElement[] {
  const { columns, labelKeys } = model;
  const parts: HTMLElement[] = [];
  if (columns.length > 1) {
    const options = columns.map((each) => [each.type, columnTitle(each)] as const);
    parts.push(choice('Value', options, columns[column]!.type, (type) => change({ column: type })));
  }
  if (state.view === 'table' && labelKeys.length > 0) {
    const options = [BY_FUNCTION, ...labelKeys].map((key) => [key, key] as const);
    parts.push(choice('Rows', options, state.group, (group) => change({ group })));
  }
  const filters = new Map(state.filters);
  for (const [at, key] of labelKeys.entries()) {
    const values = labelValues(model, at, column);
    const filter = filters.get(key);
    // A link may name a value that this profile does not have.
    if (filter !== undefined && !values.includes(filter)) values.push(filter);
    if (values.length < 2) continue;
    // An option's value cannot be told from that of "all" by its text, so options are numbered.
    const options = [['', 'all'] as const, ...values.map((value, index) => [`${index}`, value] as const)];
    const chosen = filter === undefined ? '' : `${values.indexOf(filter)}`;
    parts.push(
      choice(key, options, chosen, (option) => {
        if (option === '') filters.delete(key);
        else filters.set(key, values[Number(option)]!);
        change({ filters: new Map(filters) });
      }),
    );
  }
  if (state.view === 'flame') {
    parts.push(
      checkbox('Inverted', state.isInverted, (isInverted) => change({ isInverted })),
      checkbox('Only my code', state.isOnlyOwn, (isOnlyOwn) => change({ isOnlyOwn })),
    );
  }
  return parts;
}
