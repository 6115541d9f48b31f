import type { ExportClock } from './export-clock.js';

/** Writes a message of one line. */
export type ExportLog = (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void;

/** Time between two messages of one kind, in ms. */
const EVERY_MILLIS = 10 * 60_000;
const MAX_TEXT_LENGTH = 300;

interface Reported {
  /** Steady time. */
  readonly at: number;
  withheld: number;
  isOver: boolean;
}

/** Writes each kind of message at most once in ten minutes. */
export class RatedLog {
  readonly #log: ExportLog;
  readonly #clock: ExportClock;
  readonly #reported: Map<string, Reported> = new Map();

  constructor(log: ExportLog, clock: ExportClock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Writes a message, at most one of a kind in ten minutes. Others are counted, and the next message has their
   * number.
   *
   * @param kind one of a few fixed words
   */
  warn(kind: string, text: string): void {
    const last = this.#reported.get(kind);
    const now = this.#clock.steady();
    if (last !== undefined && now - last.at < EVERY_MILLIS) {
      last.withheld += 1;
      return;
    }
    const withheld = last?.withheld ?? 0;
    this.#reported.set(kind, { at: now, withheld: 0, isOver: false });
    this.#write('warn', withheld === 0 ? text : `${text} (and ${withheld} times since the last message)`);
  }

  /** Writes a message, once, if a warning of the kind was written before. */
  recovered(kind: string, text: string): void {
    const last = this.#reported.get(kind);
    if (last === undefined || last.isOver) return;
    last.isOver = true;
    this.#write('info', text);
  }

  #write(level: 'info' | 'warn', text: string): void {
    try {
      this.#log(level, text);
    } catch {
      // Ignore: a log that throws must not end the export.
    }
  }
}

/** Returns text from outside as part of a message: one line, without control characters, cut to a length. */
export function quoted(text: string): string {
  const clean = text.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
  return clean.length <= MAX_TEXT_LENGTH ? clean : `${clean.slice(0, MAX_TEXT_LENGTH)}...`;
}

/** Returns the message of anything that was thrown. Never throws. */
export function reasonOf(thrown: unknown): string {
  try {
    return quoted(thrown instanceof Error ? thrown.message || thrown.name : String(thrown));
  } catch {
    return 'unknown error';
  }
}
