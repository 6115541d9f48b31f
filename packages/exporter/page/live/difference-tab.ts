import type { OverviewData, OverviewSubject } from '../../src/page/overview-data.ts';
import { choice, element, setOptions } from '../basics/dom.ts';
import { clockText, durationText } from '../basics/text.ts';
import { type LiveState, NOW } from './hash.ts';
import { differenceUrl, usualMoment } from './live-url.ts';
import { ProfilePane } from './profile-pane.ts';
import type { StateChanged } from './profile-tab.ts';

type Options = readonly (readonly [value: string, text: string])[];

const NO_MOMENT =
  'There is nothing to compare with yet. An earlier moment is kept at the end of each window of the leak detection.';

const USUAL =
  'Begins about 5 minutes ago, but not in the first minute of the process, in which everything grows.';

/** The tab that compares two moments of a process, or two components. */
export class DifferenceTab {
  readonly element: HTMLElement;
  readonly #folder: string;
  readonly #pane: ProfilePane;
  readonly #other: HTMLLabelElement;
  readonly #before: HTMLLabelElement;
  readonly #after: HTMLLabelElement;
  readonly #hint = element('p', { text: USUAL, attributes: { class: 'load-status' } });
  /** Moment that was chosen for a component: the list moves on, and what is shown must not. */
  readonly #usual = new Map<string, number>();

  constructor(folder: string, changed: StateChanged) {
    this.#folder = folder;
    this.#other = choice('Compare with', [], '', (other) => changed({ other }, true));
    this.#before = choice('From', [], '', (before) => changed({ before }, true));
    this.#after = choice('To', [], '', (after) => changed({ after }, true));
    this.#pane = new ProfilePane({
      hasViewButtons: true,
      controls: [this.#other, this.#before, this.#after, this.#hint],
      changed: (profile, isStep) => changed({ profile }, isStep),
    });
    this.element = this.#pane.element;
  }

  show(state: LiveState, subjects: OverviewData['subjects'], subject: OverviewSubject): void {
    const others = subjects.filter((each) => each !== subject && each.component !== undefined);
    const moments = subject.momentsMillis;
    // Without earlier moments, as in captures, components are all that can be compared.
    const other = state.other === '' && moments.length === 0 ? (others[0]?.component ?? '') : state.other;
    this.#other.hidden = others.length === 0;
    this.#before.hidden = other !== '' || moments.length === 0;
    this.#after.hidden = this.#before.hidden;
    const first = state.before === '' ? this.#usualOf(subject) : state.before;
    const names = others.map(({ component, name }) => [component!, name] as const);
    const earlier = moments.length === 0 ? [] : [['', 'an earlier moment'] as const];
    setOptions(this.#other, [...earlier, ...names], other);
    const known = momentOptions(moments);
    this.#hint.hidden = this.#before.hidden || state.before !== '' || first === '';
    setOptions(this.#before, withValue(known, first), first);
    const later = known.filter(([value]) => Number(value) > Number(first));
    setOptions(this.#after, withValue([...later, [NOW, 'now']], state.after), state.after);
    this.#pane.open({
      url: differenceUrl(this.#folder, { ...state, before: first, other }, subject.component, moments),
      reason: NO_MOMENT,
      seconds: 0,
      state: state.profile,
    });
  }

  #usualOf({ component = '', momentsMillis, timesMillis }: OverviewSubject): string {
    const chosen = this.#usual.get(component) ?? usualMoment(momentsMillis, timesMillis.at(-1));
    if (chosen === undefined) return '';
    this.#usual.set(component, chosen);
    return `${chosen}`;
  }

  /** Chooses the usual moment again; called when the tab is opened. */
  restart(): void {
    this.#usual.clear();
  }

  /** Loads what is shown again if it is old. */
  refresh(): void {
    this.#pane.refresh();
  }

  outdate(text: string): void {
    this.#pane.outdate(text);
  }

  tick(): void {
    this.#pane.tick();
  }
}

function momentOptions(moments: readonly number[]): Options {
  const now = Date.now();
  return moments.map((millis) => {
    const ago = durationText(Math.max(0, now - millis) / 1000);
    return [`${millis}`, `${clockText(millis)} UTC, ${ago} ago`] as const;
  });
}

/** Adds a value that a link names but that cannot be chosen any more. */
function withValue(options: Options, value: string): Options {
  if (value === '' || options.some(([each]) => each === value)) return options;
  const millis = Number(value);
  const text = Number.isFinite(millis) && millis > 0 && millis < 1e15 ? `${clockText(millis)} UTC` : value;
  return [[value, text], ...options];
}
