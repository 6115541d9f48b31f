import { filePath } from '@heapray/exporter/call-sites';
import type { TopRow } from '@heapray/exporter/profile';
import { type JudgedSample, LeakDetector } from '@heapray/instrumentation/leaks';
import { stackOf } from './profile-of-nodes.js';
import type { CallFrame, Reading } from './reading.js';

/** A function that leaks, by the rules of heapray's leak detection. */
export interface Suspect extends Pick<TopRow, 'name' | 'file' | 'line' | 'column'> {
  /** Bytes in use that are older than a window. */
  readonly oldBytes: number;
  readonly bytesPerSecond: number;
  /** Number of windows, out of `windows`, in which `oldBytes` grew. */
  readonly grownWindows: number;
  readonly windows: number;
}

/** Result of leak detection over some windows. */
export interface LeakJudgement {
  readonly suspects: readonly Suspect[];
  /** Number of windows, and the number from which on leaks can be told. */
  readonly windows: number;
  readonly neededWindows: number;
}

/** Length of a window in ms, as in heapray's own detection. */
export const WINDOW_MILLIS = 20_000;
/** Time from which on suspects can be told, in seconds: thirteen windows, and some time for the readings. */
export const SUSPECT_SECONDS = 300;
/** Windows beyond those of a judgement: one until objects count as old, and one because a suspicion needs two judgements. */
const MORE_WINDOWS = 2;

/**
 * Judges leaks by readings of V8's sampler, one at the end of each window and after a collection: what such a reading shows
 * is reachable. The rules are those of `LeakDetector`.
 */
export class LeakWindows {
  readonly #detector: LeakDetector;
  /** Samples of the newest reading, by ordinal. */
  #known = new Map<number, JudgedSample>();
  readonly #sites: CallFrame[] = [];
  readonly #siteByKey = new Map<string, number>();
  #readings = 0;

  /**
   * Creates it.
   *
   * @param interval mean bytes between two samples
   * @param windowMillis length of a window
   */
  constructor(interval: number, windowMillis: number = WINDOW_MILLIS) {
    this.#detector = new LeakDetector({ windowMillis, samplingInterval: interval });
  }

  /** Adds a reading. The first one is at the start, and each other at least a window after the one before. */
  add({ nodes, samples }: Reading, atMillis: number): void {
    const known = new Map<number, JudgedSample>();
    const siteOfNode = new Map<number, number>();
    for (const { ordinal, node, bytes, isOwn } of samples) {
      if (isOwn || node === undefined) continue;
      const firstSeenMillis = this.#known.get(ordinal)?.firstSeenMillis ?? atMillis;
      if (!siteOfNode.has(node)) siteOfNode.set(node, this.#siteOf(stackOf(node, nodes)));
      // The number of a node may not last until the next reading, so the sample has that of its site.
      known.set(ordinal, { node: siteOfNode.get(node)!, bytes, firstSeenMillis, confirmedMillis: atMillis });
    }
    const died = [...this.#known]
      .filter(([ordinal]) => !known.has(ordinal))
      .map(([, sample]) => ({ sample }));
    this.#known = known;
    this.#readings += 1;
    this.#detector.observe(
      {
        reachability: {
          lastMajorMillis: atMillis,
          newestOrdinal: atMillis,
          takeDeaths: () => died,
          earlierShare: () => 1,
          shareBeforeDeath: ({ sample }, millis) => (millis <= sample.confirmedMillis ? 1 : 0),
        },
        sites: { siteOf: (site) => site },
        forEachReachable: (visit) => {
          for (const sample of known.values()) visit(sample, sample.bytes);
        },
      },
      atMillis,
    );
  }

  get judgement(): LeakJudgement {
    const suspects = this.#detector.suspects().map(({ site, ...figures }): Suspect => {
      const { functionName, url, lineNumber, columnNumber } = this.#sites[site]!;
      const name = functionName === '' ? '(anonymous)' : functionName;
      const place = { file: filePath(url), line: lineNumber + 1, column: columnNumber + 1 };
      return { name, ...place, ...figures };
    });
    const neededWindows = this.#detector.progress.neededWindows + MORE_WINDOWS;
    return { suspects, windows: Math.max(0, this.#readings - 1), neededWindows };
  }

  /** Returns the number of the innermost function of a stack that is not of the runtime. */
  #siteOf(frames: readonly CallFrame[]): number {
    const frame = frames.findLast(({ url }) => url !== '' && !url.startsWith('node:')) ?? frames.at(-1)!;
    const key = `${frame.functionName}\0${frame.url}\0${frame.lineNumber}:${frame.columnNumber}`;
    let site = this.#siteByKey.get(key);
    if (site === undefined) {
      site = this.#sites.push(frame) - 1;
      this.#siteByKey.set(key, site);
    }
    return site;
  }
}
