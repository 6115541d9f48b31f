import { button, element } from '../basics/dom.ts';
import { clockText } from '../basics/text.ts';
import type { Connection } from './poller.ts';

/** Shows when the page is not up to date, and why. */
export class Banner {
  readonly element: HTMLElement = element('aside', { attributes: { 'aria-label': 'Connection' } });
  readonly #now: () => void;
  readonly #until = element('span', { attributes: { class: 'until' } });
  #connection: Connection | undefined;
  #shown = '';
  #restart: string | undefined;

  /** @param now called to ask the server at once */
  constructor(now: () => void) {
    this.#now = now;
  }

  /** Shows the state of the connection; `dataMillis` is the time of the data that is still shown. */
  update(connection: Connection, dataMillis: number): void {
    this.#connection = connection;
    this.#draw(dataMillis);
  }

  /** Says that the process is another one than before. */
  restarted(text: string): void {
    this.#restart = text;
    this.#shown = '';
  }

  /** Updates the countdown; called every second. */
  tick(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.kind === 'live') return;
    const seconds = Math.max(0, Math.ceil((connection.nextMillis - Date.now()) / 1000));
    this.#until.textContent = `Trying again in ${seconds} s.`;
  }

  #draw(dataMillis: number): void {
    const { kind, message } = this.#connection!;
    const text = bannerText(kind, message, dataMillis);
    const key = `${text}\0${this.#restart}`;
    if (key !== this.#shown) {
      this.#shown = key;
      this.element.replaceChildren(
        ...(text === undefined ? [] : [this.#problem(text)]),
        ...(this.#restart === undefined ? [] : [this.#restarted(this.#restart)]),
      );
    }
    this.tick();
  }

  #problem(text: string): HTMLElement {
    return element('div', { attributes: { class: 'banner problem' } }, [
      element('p', { text, attributes: { role: 'alert' } }),
      this.#until,
      button('Try now', () => this.#now()),
    ]);
  }

  #restarted(text: string): HTMLElement {
    const dismiss = (): void => {
      this.#restart = undefined;
      shown.remove();
    };
    const shown = element('div', { attributes: { class: 'banner warning' } }, [
      element('p', { text, attributes: { role: 'status' } }),
      button('Dismiss', dismiss),
    ]);
    return shown;
  }
}

function bannerText(kind: Connection['kind'], message: string, dataMillis: number): string | undefined {
  const since = `What you see is of ${clockText(dataMillis)} UTC.`;
  if (kind === 'gone') return `The process has gone, or cannot be reached. ${since}`;
  if (kind === 'busy') return `The server is busy: ${message}. ${since}`;
  if (kind === 'failed') return `The server cannot answer: ${message}. ${since}`;
  return undefined;
}
