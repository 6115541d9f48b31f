import type { CaptureContents } from '@heapray/exporter/memray';
import { captureProfile } from '../../watch/profiles/capture-profile.js';
import type { LiveState } from '../live-state.js';
import { residentMemory } from './resident-memory.js';

/** Makes the states of a capture. Makes no new one while the capture has not changed. */
export class CaptureStates {
  readonly #capture: CaptureContents;
  #last: LiveState | undefined;
  #lastEvents = -1;

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
    this.#lastEvents = events;
    this.#last = {
      atMillis: nowMillis,
      run: `${pid} ${startTimeMillis}`,
      program: commandLine,
      pid,
      startMillis: startTimeMillis > 0 ? startTimeMillis : undefined,
      profile,
      peakBytes: this.#capture.peakBytes,
      residentBytes: memory?.bytes ?? (resident?.residentBytes || undefined),
      residentParts: memory?.parts ?? [],
      facts: [
        ['events', events.toLocaleString('en-US')],
        ['threads', `${isNew ? threadsOf(this.#capture) : (factOf(this.#last, 'threads') ?? '')}`],
      ],
      warnings: [],
    };
    return this.#last;
  }
}

function factOf(state: LiveState | undefined, wanted: string): string | undefined {
  return state?.facts.find(([name]) => name === wanted)?.[1];
}

/** Returns the number of threads that have allocated. */
function threadsOf(capture: CaptureContents): number {
  const threads = new Set<bigint>();
  for (let site = 1; site <= capture.siteCount; site++) threads.add(capture.site(site).thread.id);
  return threads.size;
}
