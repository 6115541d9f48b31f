import type { CaptureContents } from '@heapray/exporter/memray';
import { captureProfile } from '../../watch/profiles/capture-profile.js';
import type { LiveState } from '../live-state.js';
import { residentMemory } from './resident-memory.js';

const NANOS_PER_MILLI = 1_000_000n;

/** Makes the states of a capture. Makes no new profile while the capture has not changed. */
export class CaptureStates {
  readonly #capture: CaptureContents;
  #last: LiveState | undefined;
  #lastEvents = -1;
  #threads = 0;

  constructor(capture: CaptureContents) {
    this.#capture = capture;
  }

  /**
   * Returns the state now. Undefined before the header was read.
   *
   * @param isRunning whether the program may be a process of this machine, whose memory is read
   */
  now(nowMillis: number, isRunning: boolean): LiveState | undefined {
    const { header, events, resident } = this.#capture;
    if (header === undefined) return undefined;
    const { startTimeMillis, pid, commandLine } = header;
    const memory = isRunning ? residentMemory(header) : undefined;
    const isNew = this.#last === undefined || events !== this.#lastEvents;
    const profile = isNew ? captureProfile(this.#capture, '', 'inuse_space') : this.#last!.profile;
    if (isNew) this.#threads = threadsOf(this.#capture);
    this.#lastEvents = events;
    this.#last = {
      atMillis: nowMillis,
      run: `${pid} ${startTimeMillis}`,
      program: commandLine,
      pid,
      startMillis: startTimeMillis > 0 ? startTimeMillis : undefined,
      endMillis: isRunning ? undefined : Number(this.#capture.times.timeNanos / NANOS_PER_MILLI),
      profile,
      peakBytes: this.#capture.peakBytes,
      residentBytes: memory?.bytes ?? (resident?.residentBytes || undefined),
      residentParts: memory?.parts ?? [],
      facts: [
        ['events', events.toLocaleString('en-US')],
        ['threads', `${this.#threads}`],
      ],
      warnings: [],
    };
    return this.#last;
  }
}

/** Returns the number of threads that have allocated. */
function threadsOf(capture: CaptureContents): number {
  const threads = new Set<bigint>();
  for (let site = 1; site <= capture.siteCount; site++) threads.add(capture.site(site).thread.id);
  return threads.size;
}
