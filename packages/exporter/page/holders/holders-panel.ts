import { button, element } from '../basics/dom.ts';
import { byteText, capital } from '../basics/text.ts';
import { FOCUS_KEY } from '../overview/section.ts';
import { HolderFinder, type HolderState, type HolderUrls } from './find-holders.ts';
import type { HeldWords } from './messages.ts';

const IN_BROWSER = 'This browser reads it and needs memory of some three times its size.';

/** Shows who holds the objects of leak suspects, from a heap snapshot that the server takes after consent. */
export class HoldersPanel {
  readonly element: HTMLElement = element('div', { attributes: { class: 'holders' } });
  #finder: HolderFinder | undefined;
  #url = '';
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Shows the panel for a process; what was shown for another one ends. */
  update(urls: HolderUrls): void {
    if (urls.snapshot === this.#url) return;
    this.#finder?.cancel();
    this.#url = urls.snapshot;
    this.#finder = new HolderFinder(urls, (state) => this.#show(state));
    this.#show({ kind: 'idle' });
  }

  #show(state: HolderState): void {
    clearInterval(this.#timer);
    if (state.kind === 'taking') this.#timer = setInterval(() => this.#draw(state), 1000);
    this.#draw(state);
  }

  #draw(state: HolderState): void {
    const hadFocus = this.element.contains(document.activeElement);
    this.element.replaceChildren(...this.#content(state));
    if (hadFocus) this.element.querySelector('button')?.focus({ preventScroll: true });
  }

  #content(state: HolderState): Node[] {
    const ask = (text: string): HTMLElement => button(text, () => void this.#finder?.ask(), focusKey('ask'));
    const cancel = button(
      'Cancel',
      () => {
        this.#finder?.cancel();
        this.#show({ kind: 'idle' });
      },
      focusKey('cancel'),
    );
    switch (state.kind) {
      case 'idle':
        return [
          line('Who holds these objects? A heap snapshot tells. It stops the process for seconds.'),
          ask('Who holds it?'),
        ];
      case 'asking':
        return [line('Asking what a heap snapshot costs ...')];
      case 'confirming': {
        const { plan } = state;
        const take = button('Take the snapshot', () => this.#finder?.take(plan), focusKey('take'));
        return [line(`${capital(plan.message)}. ${IN_BROWSER}`), take, cancel];
      }
      case 'taking': {
        const seconds = Math.round((Date.now() - state.sinceMillis) / 1000);
        return [line(`Taking a heap snapshot: process ${state.pid} stands still, for ${seconds} s so far.`)];
      }
      case 'reading': {
        const all = state.total === 0 ? '' : ` of ${byteText(state.total)}`;
        return [line(`Reading the snapshot: ${byteText(state.bytes)}${all}.`), cancel];
      }
      case 'computing':
        return [line('Computing what holds the objects ...'), cancel];
      case 'answered':
        return [...answer(state.classes), ask('Take another one')];
      case 'failed':
        return [line(`The snapshot cannot be had: ${state.message}.`), ask('Try again')];
    }
  }
}

function answer(classes: readonly HeldWords[]): Node[] {
  if (classes.length === 0) return [line('The snapshot has no objects of the program.')];
  const items = classes.map(({ sentences, figures }) =>
    element('li', {}, [
      ...sentences.map((text) => element('p', { text: text.replaceAll('`', '') })),
      element('p', { text: figures, attributes: { class: 'quiet' } }),
    ]),
  );
  return [
    line('What holds the largest classes:'),
    element('ul', { attributes: { class: 'answers' } }, items),
  ];
}

function line(text: string): HTMLElement {
  return element('p', { text, attributes: { role: 'status' } });
}

function focusKey(name: string): Readonly<Record<string, string>> {
  return { [FOCUS_KEY]: `holders ${name}` };
}
