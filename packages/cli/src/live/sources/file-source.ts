import type { CaptureEnd, GrowingCapture } from '@heapray/exporter/memray';
import { CommandError } from '../../errors.js';
import { CaptureFollower } from '../../watch/follow/capture-follower.js';
import { type CaptureState, ENDED_STATES } from '../../watch/follow/capture-state.js';
import { ProcessWriter } from '../../watch/follow/capture-writer.js';
import { readBuffer } from '../../watch/follow/growing-file.js';
import { ProcessTable } from '../../watch/follow/process-table.js';
import type { LiveEnd, LivePoll, LiveSource } from '../live-state.js';
import { CaptureStates } from './capture-live-state.js';

/** Time without writes after which a program counts as ended, in ms. */
const STALL_MILLIS = 10_000;
const MIB = 2 ** 20;
const RUNNING_STATES: ReadonlySet<CaptureState> = new Set(['following', 'idle']);

export interface FileSourceOptions {
  readonly intervalMillis: number;
  /** True to wait for a file that does not exist, and for the next run at the end of one. */
  readonly isWaiting: boolean;
}

/** The capture in a file, while a program writes it or afterwards. */
export class FileSource implements LiveSource {
  readonly name: string;
  readonly intervalMillis: number;
  readonly #isWaiting: boolean;
  readonly #follower: CaptureFollower;
  #capture: GrowingCapture | undefined;
  #states: CaptureStates | undefined;

  constructor(path: string, { intervalMillis, isWaiting }: FileSourceOptions) {
    this.name = path;
    this.intervalMillis = intervalMillis;
    this.#isWaiting = isWaiting;
    this.#follower = new CaptureFollower(path, {
      limits: {},
      maxCallSites: 1,
      buffer: readBuffer(),
      clock: Date.now,
      writer: new ProcessWriter(new ProcessTable(Date.now)),
      stallMillis: STALL_MILLIS,
    });
  }

  async poll(): Promise<LivePoll> {
    const follower = this.#follower;
    await follower.poll();
    const { state, reason, run } = follower;
    if (state === 'unreadable') throw new CommandError(`${this.name}: ${reason}`);
    if (state === 'gone' || (state === 'waiting' && !follower.inPlace)) return this.#absent();
    const status = this.#statusOf(state, reason);
    // Continue at once, but let keys be handled in between.
    if (follower.hasUnread) return { state: undefined, status, waitMillis: 0 };
    if (run === undefined) return { state: undefined, status };
    if (run.capture !== this.#capture) {
      this.#capture = run.capture;
      this.#states = new CaptureStates(run.capture);
    }
    return {
      state: this.#states!.now(Date.now(), RUNNING_STATES.has(state)),
      status,
      ...(ENDED_STATES.has(state) || state === 'limited' ? { end: this.#end(status) } : {}),
    };
  }

  reconnect(): void {}

  close(): Promise<void> {
    return this.#follower.close();
  }

  #absent(): LivePoll {
    if (!this.#isWaiting) {
      if (this.#states === undefined)
        throw new CommandError(`${this.name}: no such file; --wait waits for it`);
      return {
        state: undefined,
        status: 'the file is gone',
        end: { kind: 'lost', message: 'the file is gone' },
      };
    }
    return { state: undefined, status: `waiting for ${this.name}` };
  }

  #statusOf(state: CaptureState, reason: string): string {
    const { data, disk } = this.#follower.sizes;
    if (state === 'reading') return `reading ${Math.round(data / MIB)} of ${Math.round(disk / MIB)} MiB`;
    return reason === '' ? state : `${state} (${reason})`;
  }

  #end(status: string): LiveEnd {
    const { complete, damage, header } = this.#capture!;
    const capture: CaptureEnd = { header: header!, complete, damage, rest: undefined };
    return { kind: 'complete', message: `the capture is ${status}`, capture };
  }
}
