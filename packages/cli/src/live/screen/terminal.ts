import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { emitKeypressEvents } from 'node:readline';
import type { Key } from '../keys.js';
import type { ScreenSize } from './draw-screen.js';

/** Alternate screen, no cursor, no wrapping: a line that is too long after all is cut. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[2J';
const CLEAR_REST = '\u001b[K';
/** False on Windows, which has no such signals. */
const CAN_SUSPEND = Object.hasOwn(constants.signals, 'SIGTSTP');
const DEFAULT_SIZE: ScreenSize = { columns: 80, rows: 24 };

/** Standard output. */
type OutputStream = NodeJS.WriteStream & { readonly fd: number };

export interface TerminalHandlers {
  key(key: Key): void;
  /** Called when everything must be drawn: after a change of size, and when the program continues. */
  redraw(): void;
  /** Called when the terminal is gone. */
  hangUp(): void;
}

/**
 * The alternate screen of a terminal. The terminal is as before after {@link close}, while the program is suspended, and
 * however the process ends, except by SIGKILL.
 */
export class Terminal {
  readonly #out: OutputStream;
  /** Undefined if standard input is not a terminal; keys cannot be read then. */
  readonly #keys: NodeJS.ReadStream | undefined;
  readonly #handlers: TerminalHandlers;
  #isOpen = false;
  /** Lines on the screen. */
  #shown: readonly string[] = [];

  readonly #onKey = (_text: string | undefined, key: Key) => this.#handlers.key(key);
  readonly #onResize = () => this.#drawAgain();
  readonly #onDrain = () => this.#handlers.redraw();
  readonly #onEnd = () => this.#handlers.hangUp();
  readonly #onSuspend = () => this.suspend();
  readonly #onContinue = () => this.#continue();
  readonly #onExit = () => this.#leaveNow();

  constructor(input: NodeJS.ReadStream, out: OutputStream, handlers: TerminalHandlers) {
    this.#out = out;
    this.#keys = input.isTTY ? input : undefined;
    this.#handlers = handlers;
  }

  get size(): ScreenSize {
    const { columns, rows } = this.#out;
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  open(): void {
    if (this.#keys !== undefined) {
      emitKeypressEvents(this.#keys);
      this.#keys.on('keypress', this.#onKey).on('end', this.#onEnd).on('error', this.#onEnd);
    }
    this.#out.on('resize', this.#onResize).on('drain', this.#onDrain);
    process.on('exit', this.#onExit);
    if (CAN_SUSPEND) process.on('SIGTSTP', this.#onSuspend).on('SIGCONT', this.#onContinue);
    this.#enter();
  }

  /** Draws the lines that have changed. Draws nothing while the terminal has not taken what was drawn before. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen || this.#out.writableNeedDrain) return;
    const changes = lines.map((text, at) => {
      return text === this.#shown[at] ? '' : `\u001b[${at + 1};1H${text}${CLEAR_REST}`;
    });
    const change = changes.join('');
    this.#shown = lines;
    if (change !== '') this.#out.write(change);
  }

  /** Suspends the program, as the shell does with Ctrl-Z. */
  suspend(): void {
    if (!CAN_SUSPEND) return;
    this.#leave();
    process.removeListener('SIGTSTP', this.#onSuspend);
    // The whole group, as the terminal does: a wrapper such as npx must stop too. Without a shell that could continue it,
    // the system ignores the signal.
    process.kill(0, 'SIGTSTP');
    process.on('SIGTSTP', this.#onSuspend);
    this.#continue();
  }

  /** Leaves the alternate screen. */
  close(): void {
    process.removeListener('SIGTSTP', this.#onSuspend);
    process.removeListener('SIGCONT', this.#onContinue);
    process.removeListener('exit', this.#onExit);
    this.#out.removeListener('resize', this.#onResize).removeListener('drain', this.#onDrain);
    this.#leave();
    if (this.#keys === undefined) return;
    this.#keys.removeListener('keypress', this.#onKey);
    this.#keys.removeListener('end', this.#onEnd).removeListener('error', this.#onEnd);
    this.#keys.pause();
  }

  /** Draws everything at the next {@link draw}. */
  clear(): void {
    this.#shown = [];
    if (this.#isOpen) this.#out.write(CLEAR);
  }

  #enter(): void {
    this.#isOpen = true;
    this.#setRaw(true);
    this.#keys?.resume();
    this.#out.write(ENTER);
    this.clear();
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#setRaw(false);
    this.#out.write(LEAVE);
  }

  /** Enters the screen again, and sets all modes of the terminal, because the shell may have changed them. */
  #continue(): void {
    this.#leave();
    this.#enter();
    this.#handlers.redraw();
  }

  #drawAgain(): void {
    this.clear();
    this.#handlers.redraw();
  }

  /** Restores the terminal while the process exits, when streams do not write any more. */
  #leaveNow(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#setRaw(false);
    try {
      writeSync(this.#out.fd, LEAVE);
    } catch {
      // The terminal is gone.
    }
  }

  #setRaw(isRaw: boolean): void {
    try {
      this.#keys?.setRawMode(isRaw);
    } catch {
      // The terminal is gone.
    }
  }
}
