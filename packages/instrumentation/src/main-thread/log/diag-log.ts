import { type DiagLogger, DiagLogLevel } from '@opentelemetry/api';
import type { Log, LogLevel } from '../../protocol/log.js';
import { EmitterOn, EmitterRemove, now, process } from '../../protocol/primordials.js';
import { contain, contained } from '../containment/contain.js';
import { registeredDiagLogger } from '../containment/otel-globals.js';
import { Timers } from '../containment/timers.js';
import { safeLog } from './safe-log.js';
import { stderrThreshold, writeMessage } from './stderr-threshold.js';

const NAMESPACE = 'heapray';
/**
 * Longest wait of a message for a logger, in ms. An SDK gets its instrumentations before it sets its logger.
 */
const WAIT_MILLIS = 5_000;
const CHECK_MILLIS = 100;
/** Maximum number of waiting messages; more are dropped. */
const MAX_WAITING = 100;

interface Message {
  readonly level: LogLevel;
  readonly text: string;
}

/**
 * Logs through OpenTelemetry's diagnostics. Messages that arrive before the application has set its logger
 * wait for it. If no logger is set in time, or before the process ends, errors and warnings go to stderr from
 * then on (`OTEL_LOG_LEVEL` sets another level).
 */
class DiagLog {
  readonly #timers = new Timers(ignore);
  readonly #onExit = contained(() => this.#giveUp(), ignore);
  #waiting: Message[] = [];
  #since: number | undefined;
  #hasGivenUp = false;

  write(level: LogLevel, text: string): void {
    const logger = registeredDiagLogger();
    if (logger) {
      this.#passOn(logger);
      logger[level](NAMESPACE, text);
    } else if (this.#hasGivenUp) this.#toStderr({ level, text });
    else this.#keep({ level, text });
  }

  #keep(message: Message): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting[this.#waiting.length] = message;
    if (this.#since !== undefined) return;
    this.#since = now();
    EmitterOn(process, 'exit', this.#onExit);
    this.#checkLater();
  }

  #checkLater(): void {
    this.#timers.after(CHECK_MILLIS, () => {
      if (this.#since === undefined) return;
      const logger = registeredDiagLogger();
      if (logger) this.#passOn(logger);
      else if (now() - this.#since >= WAIT_MILLIS) this.#giveUp();
      else this.#checkLater();
    });
  }

  #passOn(logger: DiagLogger): void {
    for (const { level, text } of this.#take()) contain(() => logger[level](NAMESPACE, text), ignore);
  }

  #giveUp(): void {
    this.#hasGivenUp = true;
    for (const message of this.#take()) this.#toStderr(message);
  }

  /** Takes all waiting messages and stops waiting. */
  #take(): Message[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#since !== undefined) EmitterRemove(process, 'exit', this.#onExit);
    this.#since = undefined;
    return waiting;
  }

  #toStderr({ level, text }: Message): void {
    const setting = contain(() => process.env.OTEL_LOG_LEVEL, ignore);
    writeMessage(level, text, stderrThreshold(setting, DiagLogLevel.WARN));
  }
}

function ignore(): void {}

const diagLog = new DiagLog();

/** Logs through OpenTelemetry's diagnostics, see `DiagLog`. Never throws. */
export const logToDiag: Log = safeLog((level, text) => diagLog.write(level, text));
