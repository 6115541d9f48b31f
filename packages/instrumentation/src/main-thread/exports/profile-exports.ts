import { describeThrown } from '../../protocol/describe-thrown.js';
import type { Log } from '../../protocol/log.js';
import type { ToProfilerThread } from '../../protocol/messages.js';
import {
  clearTimeout,
  DateNow,
  MathRandom,
  now,
  SafePromise,
  SafeSet,
  setTimeout,
} from '../../protocol/primordials.js';
import type { ReaderSettings, ResourceAttributes } from '../../protocol/profiles/export-messages.js';
import { contain, containAsync, contained } from '../containment/contain.js';
import { Timers } from '../containment/timers.js';
import type { AskProfile } from './ask.js';
import { requestProfile } from './collect-profile.js';
import { type ProfileReader, type ProfileSource, type ReaderClock, settingsOf } from './profile-reader.js';

export interface ProfileExportsDeps {
  readonly log: Log;
  /** Sends to the profiler thread, if there is one. */
  readonly send: (message: ToProfilerThread) => void;
  /** Asks the profiler thread for a profile, without keeping the process alive. */
  readonly ask: AskProfile;
  /** Called when the first reader is added, and when the last one is removed. */
  readonly changed: () => void;
}

/** Longest wait for the last export of a reader of the application, in ms. */
const LAST_EXPORT_MILLIS = 5_000;
let readers = 0;

/**
 * Starts and ends the readers of profiles that code gives. Those with an exporter of heapray's own run on the profiler
 * thread. Those with an exporter of the application run here: nothing that the exporter does reaches the application.
 */
export class ProfileExports {
  readonly #deps: ProfileExportsDeps;
  /** Readers that run on the profiler thread. */
  readonly #own = new SafeSet<ReaderSettings>();
  #resource: ResourceAttributes = {};

  constructor(deps: ProfileExportsDeps) {
    this.#deps = deps;
  }

  /** True if a reader of the profiler thread has something to export when the process ends. */
  get hasOwn(): boolean {
    return this.#own.size > 0;
  }

  /** Sets the resource that profiles are sent with. */
  set resource(attributes: ResourceAttributes) {
    this.#resource = attributes;
    this.#deps.send({ type: 'resource', attributes });
  }

  get resource(): ResourceAttributes {
    return this.#resource;
  }

  /** Adds readers. The returned function removes them after a last export, and never rejects. */
  add(added: readonly ProfileReader[]): () => Promise<void> {
    const own: ReaderSettings[] = [];
    const others: ProfileReader[] = [];
    for (let at = 0; at < added.length; at++) {
      const reader = added[at]!;
      const settings = settingsOf(reader, ++readers);
      if (settings) own[own.length] = settings;
      else others[others.length] = reader;
    }
    for (const settings of own) this.#own.add(settings);
    this.#sendReaders();
    for (const reader of others) this.#start(reader);
    this.#deps.changed();
    return async () => {
      for (const settings of own) this.#own.delete(settings);
      this.#sendReaders();
      this.#deps.changed();
      const ends: Promise<void>[] = [];
      for (const reader of others) ends[ends.length] = this.#end(reader);
      for (const end of ends) await end;
    };
  }

  /** Sends the readers to a new profiler thread. */
  threadStarted(): void {
    if (this.#own.size > 0) this.#sendReaders();
  }

  #sendReaders(): void {
    this.#deps.send({ type: 'profile-readers', readers: [...this.#own] });
  }

  #start(reader: ProfileReader): void {
    const timers = new Timers((thrown) => this.#report(thrown));
    const exports = this;
    const source: ProfileSource = {
      collect: () => requestProfile(this.#deps.ask, { type: 'heap', seconds: undefined }),
      get resource() {
        return exports.#resource;
      },
    };
    contain(
      () => {
        reader.setSource(source, {
          clock: clockOf(timers),
          log: (level, text) => this.#deps.log(level, text),
        });
      },
      (thrown) => this.#report(thrown),
    );
  }

  /** Ends a reader, with a limit of time. */
  async #end(reader: ProfileReader): Promise<void> {
    const ended = containAsync(
      () => reader.shutdown(),
      (thrown) => this.#report(thrown),
    );
    // A reader of the application may never settle.
    await new SafePromise<void>((resolve) => {
      // It keeps the process alive, which waits for this.
      const timer = setTimeout(
        contained(resolve, () => {}),
        LAST_EXPORT_MILLIS,
      );
      const settle = () => {
        clearTimeout(timer);
        resolve();
      };
      void containAsync(async () => {
        await ended;
        settle();
      }, settle);
    });
  }

  #report(thrown: unknown): void {
    this.#deps.log('error', `a profile reader failed: ${describeThrown(thrown)}`);
  }
}

/** Returns a clock whose timers never keep the process alive, and never throw into it. */
function clockOf(timers: Timers): ReaderClock {
  return {
    now: DateNow,
    steady: now,
    after(millis, callback) {
      let isCancelled = false;
      timers.after(millis, () => {
        if (!isCancelled) callback();
      });
      return () => {
        isCancelled = true;
      };
    },
    random: MathRandom,
  };
}
