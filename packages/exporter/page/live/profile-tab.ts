import type { OverviewSubject } from '../../src/page/overview-data.ts';
import { choice, setOptions } from '../basics/dom.ts';
import type { LiveState } from './hash.ts';
import { choiceOf, PROFILE_CHOICES, profileUrl } from './live-url.ts';
import { ProfilePane } from './profile-pane.ts';
import { survivalIn } from './site-match.ts';

/** Called with what the user has chosen; `isStep` is true if Back should undo it. */
export type StateChanged = (change: Partial<LiveState>, isStep: boolean) => void;

const CHOICES = PROFILE_CHOICES.map(({ name, title }) => [name, title] as const);

/** The tabs of one profile: flame graph, table, callers and callees. */
export class ProfileTab {
  readonly element: HTMLElement;
  readonly #folder: string;
  readonly #pane: ProfilePane;
  readonly #choice: HTMLLabelElement;
  #subject: OverviewSubject | undefined;

  constructor(folder: string, changed: StateChanged) {
    this.#folder = folder;
    this.#choice = choice('Profile', CHOICES, 'heap', (name) => changed({ choice: name }, true));
    this.#pane = new ProfilePane({
      hasViewButtons: false,
      controls: [this.#choice],
      survival: () => survivalIn(this.#subject?.sites ?? []),
      changed: (profile, isStep) => changed({ profile, tab: profile.view }, isStep),
    });
    this.element = this.#pane.element;
  }

  show(state: LiveState, subject: OverviewSubject): void {
    this.#subject = subject;
    const chosen = choiceOf(state);
    setOptions(this.#choice, CHOICES, chosen.name);
    this.#pane.open({
      url: profileUrl(this.#folder, chosen, subject.component),
      reason: '',
      seconds: chosen.seconds,
      state: state.profile,
    });
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
