import type { PollStats } from '../polling/poll-loop-deps.js';
import { DISTURBANCE_MILLIS, type ProfilerStats } from '../stats/profiler-stats.js';

/** Costs of polls of one worker. All of them count for the process too. */
export class WorkerStats implements PollStats {
  readonly #process: ProfilerStats;
  #workMillis = 0;
  #samplingMillis = 0;

  constructor(process: ProfilerStats) {
    this.#process = process;
  }

  get sampleMicros(): number {
    return this.#process.sampleMicros;
  }

  addPoll(pauseMillis: number): void {
    const millis = pauseMillis + DISTURBANCE_MILLIS;
    this.#workMillis += millis;
    this.#process.addPause(millis);
    this.#process.polls++;
  }

  /** Adds work of the profiler thread, in ms. The process's statistics measure it themselves. */
  addWork(millis: number): void {
    this.#workMillis += millis;
  }

  addSamples(samples: number, frames: number | undefined): void {
    this.#samplingMillis += (samples * this.sampleMicros) / 1000;
    this.#process.addSamples(samples, frames);
  }

  drop(reason: string): void {
    this.#process.drop(reason);
  }

  recordSamplerLoss(reason: string): void {
    this.#process.recordWorkerLoss(reason);
  }

  lookAtV8Threads(): void {}

  workMillis(): number {
    return this.#workMillis;
  }

  cpuMillis(): number {
    return this.#workMillis + this.#samplingMillis;
  }
}
