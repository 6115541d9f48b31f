import { type Key, pressKey } from './keys.js';
import type { LiveEnd, LivePoll } from './live-state.js';
import type { LiveView, ViewHandlers } from './live-view.js';
import type { LiveModel } from './model/live-model.js';
import { lastTable } from './plain-view.js';
import { drawScreen } from './screen/draw-screen.js';
import { paint } from './screen/line.js';
import { Terminal } from './screen/terminal.js';
import { type DrawnRows, FIRST_VIEW, type ViewState } from './view-state.js';

export interface ScreenViewOptions {
  readonly model: LiveModel;
  /** Path, URL or port. */
  readonly source: string;
  readonly hasColours: boolean;
  /** Maximum number of rows of the table that is printed when the program ends. */
  readonly rows: number;
}

/** Shows a source on the alternate screen of the terminal. */
export class ScreenView implements LiveView {
  readonly #options: ScreenViewOptions;
  readonly #handlers: ViewHandlers;
  readonly #terminal: Terminal;
  #view: ViewState = FIRST_VIEW;
  #drawn: DrawnRows = { keys: [], chosen: 0, page: 1 };
  #status = '';

  constructor(options: ScreenViewOptions, handlers: ViewHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#terminal = new Terminal(process.stdin, process.stdout, {
      key: (key) => this.#press(key),
      redraw: () => this.#draw(),
      hangUp: () => handlers.quit(),
    });
    this.#terminal.open();
    this.#draw();
  }

  get isPaused(): boolean {
    return this.#view.isPaused;
  }

  show({ status, end }: LivePoll): void {
    this.#status = end === undefined || end.kind === 'complete' ? status : `${end.message}; r connects again`;
    this.#draw();
  }

  staysAfter({ kind }: LiveEnd): boolean {
    return kind !== 'ended';
  }

  close(end: LiveEnd | undefined): void {
    this.#terminal.close();
    const { model, rows } = this.#options;
    if (end !== undefined && model.state !== undefined) process.stdout.write(lastTable(model, rows));
  }

  #press(key: Key): void {
    const wasPaused = this.#view.isPaused;
    const { view, effect } = pressKey(this.#view, key, this.#drawn);
    this.#view = view;
    if (effect === 'quit') return this.#handlers.quit();
    if (effect === 'suspend') return this.#terminal.suspend();
    if (effect === 'redraw') this.#terminal.clear();
    if (effect === 'count growth from now') this.#options.model.countGrowthFromNow();
    if (effect === 'reconnect') {
      this.#status = `connecting to ${this.#options.source}`;
      this.#handlers.reconnect();
    } else if (wasPaused && !view.isPaused) this.#handlers.resume();
    this.#draw();
  }

  #draw(): void {
    const { model, source, hasColours } = this.#options;
    const size = this.#terminal.size;
    const nowMillis = Date.now();
    const input = { model, view: this.#view, source, status: this.#status, nowMillis };
    const { lines, view, drawn } = drawScreen(input, size);
    this.#view = view;
    this.#drawn = drawn;
    this.#terminal.draw(lines.map((line) => paint(line, size.columns, hasColours)));
  }
}
