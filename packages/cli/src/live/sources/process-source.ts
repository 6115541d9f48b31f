import { readFileSync } from 'node:fs';
import type { Profile } from '@heapray/exporter/profile';
import { attachTo, type Target } from '../../attach/attach-to.js';
import { ConnectionLost } from '../../attach/connection.js';
import { profileOfNodes } from '../../attach/sampling/profile-of-nodes.js';
import { bytesByNode, type Reading } from '../../attach/sampling/reading.js';
import { Sampler } from '../../attach/sampling/sampler.js';
import type { LivePoll, LiveSource, LiveState, MemoryPart } from '../live-state.js';
import { parseStatus } from './resident-memory.js';

/** Mean bytes between two samples. */
const INTERVAL = 64 * 1024;
/** Time between two readings, in multiples of the time that one takes: they stop the program for at most 2 %. */
const REST = 50;
const ENDED = 'the program has ended';
const OTHERS = "another profiler has V8's sampler, which is only read";

/** A connection to a process, and its sampler. */
interface Attached {
  readonly target: Target;
  readonly sampler: Sampler;
  readonly sinceMillis: number;
}

/** Any Node process of this machine, through its inspector. Shows what it allocates from now on. */
export class ProcessSource implements LiveSource {
  readonly name: string;
  readonly intervalMillis: number;
  readonly #pid: number;
  #attached: Attached | undefined;
  #isClosed = false;

  constructor(pid: number, intervalMillis: number) {
    this.#pid = pid;
    this.name = `process ${pid}`;
    this.intervalMillis = intervalMillis;
  }

  async poll(signal: AbortSignal): Promise<LivePoll> {
    try {
      const attached = this.#attached ?? (await this.#attach(signal));
      // The user has left meanwhile.
      if (this.#isClosed) {
        await attached.target.detach();
        return { state: undefined, status: '' };
      }
      this.#attached = attached;
      const started = performance.now();
      const reading = await attached.sampler.read();
      const millis = performance.now() - started;
      return {
        state: this.#stateOf(attached, reading, millis),
        status: '',
        waitMillis: Math.max(this.intervalMillis, REST * millis),
      };
    } catch (error) {
      if (this.#attached === undefined || !(error instanceof ConnectionLost)) throw error;
      return this.#end();
    }
  }

  reconnect(): void {}

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#attached?.target.detach();
  }

  async #attach(signal: AbortSignal): Promise<Attached> {
    const target = await attachTo(this.#pid, { signal });
    try {
      const sampler = await Sampler.start(target, { interval: INTERVAL, all: false });
      return { target, sampler, sinceMillis: Date.now() };
    } catch (error) {
      await target.detach();
      throw error;
    }
  }

  #end(): LivePoll {
    const kind = residentMemory(this.#pid) === undefined ? 'ended' : 'lost';
    const message = kind === 'ended' ? ENDED : 'the program has closed its inspector';
    return { state: undefined, status: message, end: { kind, message } };
  }

  #stateOf({ target, sampler, sinceMillis }: Attached, reading: Reading, millis: number): LiveState {
    const memory = residentMemory(this.#pid);
    return {
      atMillis: Date.now(),
      run: `${this.#pid}`,
      program: target.command,
      pid: this.#pid,
      startMillis: sinceMillis,
      profile: profileOf(reading, target, sampler),
      residentBytes: memory?.bytes,
      residentParts: memory?.parts ?? [],
      facts: [['reading', `${Math.ceil(millis)} ms`]],
      warnings: sampler.kind === 'others' ? [OTHERS] : [],
    };
  }
}

function profileOf(reading: Reading, target: Target, { interval }: Sampler): Profile {
  return profileOfNodes({
    nodes: reading.nodes,
    columns: [{ type: 'inuse_space', unit: 'bytes', values: bytesByNode(reading.samples) }],
    atMillis: Date.now(),
    durationMillis: 0,
    interval,
    program: target.command,
    comments: [],
  });
}

/** Returns the resident memory of a process; undefined if it has ended. */
function residentMemory(
  pid: number,
): { readonly bytes: number; readonly parts: readonly MemoryPart[] } | undefined {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return undefined;
  }
}
