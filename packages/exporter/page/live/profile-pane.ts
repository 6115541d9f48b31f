import { button, element } from '../basics/dom.ts';
import { clockText, durationText } from '../basics/text.ts';
import { type Model, readModel } from '../model/model.ts';
import { profileNotes } from '../profile/profile-notes.ts';
import type { ProfileState } from '../profile/profile-state.ts';
import { ProfileView, type ProfileViewOptions } from '../profile/profile-view.ts';
import { Loader, type LoadState } from './loader.ts';

/** Profile and state that a pane shows. */
export interface PaneContent {
  /** Undefined if there is nothing to load; `reason` says why. */
  readonly url: string | undefined;
  readonly reason: string;
  /** Time that the server needs to record it, in seconds. */
  readonly seconds: number;
  readonly state: ProfileState;
}

/** Options and callbacks of a {@link ProfilePane}. */
export interface PaneOptions extends Pick<ProfileViewOptions, 'hasViewButtons' | 'survival'> {
  /** Choices above the profile. */
  readonly controls: readonly HTMLElement[];
  readonly changed: (state: ProfileState, isStep: boolean) => void;
}

/** A profile that was loaded longer ago is loaded again when it is opened. */
const FRESH_MILLIS = 10_000;

/** Loads a profile and shows it: with its age, a button to load it again, and what went wrong. */
export class ProfilePane {
  readonly element: HTMLElement;
  readonly #options: PaneOptions;
  readonly #loader: Loader;
  readonly #reload = button('Reload', () => this.#load());
  readonly #status = element('p', { attributes: { class: 'load-status' } });
  readonly #note = element('p', { attributes: { class: 'load-note', role: 'status' } });
  readonly #body = element('div', { attributes: { class: 'pane' } });
  #content: PaneContent | undefined;
  #loading: LoadState = { kind: 'idle' };
  #view: ProfileView | undefined;
  #model: Model | undefined;
  #shownUrl: string | undefined;
  #receivedMillis = 0;

  constructor(options: PaneOptions) {
    this.#options = options;
    this.#loader = new Loader({
      loaded: (text) => this.#loaded(text),
      changed: (state) => {
        this.#loading = state;
        this.#draw();
      },
    });
    this.#note.hidden = true;
    this.element = element('div', {}, [
      element('div', { attributes: { class: 'toolbar' } }, [...options.controls, this.#reload, this.#status]),
      this.#note,
      this.#body,
    ]);
  }

  /** Shows a profile; loads it unless it is there already, or being loaded. */
  open(content: PaneContent): void {
    const before = this.#content;
    this.#content = content;
    if (content.url !== before?.url || before === undefined) {
      this.#clear();
      if (content.url === undefined) this.#draw();
      else this.#load();
    } else if (content.state !== before.state) this.#view?.show(content.state);
  }

  /** Loads what is shown again if it is old; a recording only on demand, because it takes as long as it lasts. */
  refresh(): void {
    const isSettled = this.#loading.kind === 'loaded' || this.#loading.kind === 'failed';
    const isOld = Date.now() - this.#receivedMillis > FRESH_MILLIS;
    if (isSettled && isOld && this.#content?.seconds === 0) this.#load();
  }

  /** Says that what is shown is of an earlier process. */
  outdate(text: string): void {
    if (this.#view === undefined) return;
    this.#note.textContent = text;
    this.#note.hidden = false;
  }

  /** Updates times; called every second. */
  tick(): void {
    this.#status.textContent = this.#statusText();
    this.#body.querySelector('.until')?.replaceChildren(this.#untilText());
    const progress = this.#body.querySelector('progress');
    if (progress !== null) progress.value = this.#recordedSeconds();
  }

  #load(): void {
    if (this.#content?.url !== undefined) this.#loader.load(this.#content.url);
  }

  #clear(): void {
    this.#loader.cancel();
    this.#loading = { kind: 'idle' };
    this.#view?.destroy();
    this.#view = undefined;
    this.#model = undefined;
    this.#shownUrl = undefined;
    this.#note.hidden = true;
    this.#body.replaceChildren();
  }

  #loaded(text: string): void {
    const model = readModel(text);
    const { state, url } = this.#content!;
    const { hasViewButtons, survival, changed } = this.#options;
    this.#view?.destroy();
    this.#view = new ProfileView(model, {
      state,
      hasViewButtons,
      survival,
      changed: (next, isStep) => {
        this.#content = { ...this.#content!, state: next };
        changed(next, isStep);
      },
    });
    this.#model = model;
    this.#shownUrl = url;
    this.#receivedMillis = Date.now();
    this.#note.hidden = true;
    this.#body.replaceChildren(
      this.#view.summary,
      this.#view.element,
      element('div', { attributes: { class: 'profile-notes' } }, profileNotes(model)),
    );
    this.#view.start();
  }

  #draw(): void {
    const { kind } = this.#loading;
    this.#reload.disabled = kind === 'loading' || this.#content?.url === undefined;
    this.#reload.textContent = this.#content?.seconds ? 'Record again' : 'Reload';
    // A profile stays visible while it is loaded again, and when loading fails.
    if (this.#model === undefined || this.#shownUrl !== this.#content?.url) this.#drawState();
    this.tick();
  }

  #drawState(): void {
    const load = this.#loading;
    const parts: Node[] = [];
    if (load.kind === 'loading') {
      const seconds = this.#content?.seconds ?? 0;
      parts.push(element('p', { text: seconds > 0 ? `Recording for ${seconds} s ...` : 'Loading ...' }));
      if (seconds > 0) parts.push(element('p', { attributes: { class: 'until' } }));
      if (seconds > 0)
        parts.push(
          element('progress', { attributes: { max: `${seconds}`, value: '0', 'aria-label': 'Recording' } }),
        );
    } else if (load.kind === 'waiting' || load.kind === 'failed') {
      parts.push(
        element('p', { text: `No profile: ${load.message}`, attributes: { role: 'alert' } }),
        element('p', { attributes: { class: 'until' } }),
        button('Try again', () => this.#load()),
      );
    } else if (this.#content?.url === undefined) {
      parts.push(element('p', { text: this.#content?.reason ?? '' }));
    }
    this.#body.replaceChildren(element('div', { attributes: { class: 'state' } }, parts));
  }

  #statusText(): string {
    if (this.#model === undefined) return '';
    const millis = this.#model.profiles.at(-1)?.timeMillis ?? this.#receivedMillis;
    const ago = durationText(Math.max(0, Math.round((Date.now() - millis) / 1000)));
    const load = this.#loading;
    const seconds = this.#content?.seconds ?? 0;
    const now = {
      loading: seconds > 0 ? `; recording, ${this.#recordedSeconds()} of ${seconds} s` : '; loading ...',
      waiting: `; not loaded again: ${'message' in load ? load.message : ''}. ${this.#untilText()}`,
      failed: `; not loaded again: ${'message' in load ? load.message : ''}`,
      loaded: '',
      idle: '',
    }[load.kind];
    return `collected ${clockText(millis)} UTC, ${ago} ago${now}`;
  }

  #untilText(): string {
    const { kind } = this.#loading;
    if (kind === 'loading') return `${this.#recordedSeconds()} s so far`;
    if (this.#loading.kind !== 'waiting') return '';
    const seconds = Math.max(0, Math.ceil((this.#loading.untilMillis - Date.now()) / 1000));
    return `Trying again in ${seconds} s.`;
  }

  #recordedSeconds(): number {
    if (this.#loading.kind !== 'loading') return 0;
    const passed = Math.floor((Date.now() - this.#loading.sinceMillis) / 1000);
    return Math.min(passed, this.#content?.seconds ?? 0);
  }
}
