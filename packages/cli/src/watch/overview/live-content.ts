import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { type DataFormat, type DifferenceQuery, HttpError } from '@heapray/exporter/http';
import type { WantedComparison, WantedProfile } from '../profiles/watch-profiles.js';
import { ComponentHistory } from './component-history.js';
import { type WatchOverviewSource, watchOverview } from './watch-overview.js';

const gzip = promisify(gzipWithCallback);

/** Where the data of the live page comes from. */
export interface LiveContentSource extends Omit<WatchOverviewSource, 'history'> {
  /** Number of polls that have ended. The overview is the same until the next one. */
  readonly polls: number;
  profile(wanted: WantedProfile): Promise<Uint8Array>;
  comparison(wanted: WantedComparison): Promise<Uint8Array>;
}

interface Overview {
  readonly polls: number;
  readonly json: Buffer;
  /** Made for the first client that accepts it. */
  gzipped: Promise<Buffer> | undefined;
}

/** Makes the data of the live page of `heapray watch`. */
export class LiveContent {
  readonly #source: LiveContentSource;
  readonly #histories = new Map<string, ComponentHistory>();
  #overview: Overview | undefined;

  constructor(source: LiveContentSource) {
    this.#source = source;
  }

  /** Records the present moment. Call after each poll. */
  record(epochMillis: number): void {
    const byComponent = Map.groupBy(this.#source.captures, ({ component }) => component);
    for (const component of this.#histories.keys()) {
      if (!byComponent.has(component)) this.#histories.delete(component);
    }
    for (const [component, captures] of byComponent) {
      const history = this.#histories.get(component) ?? new ComponentHistory();
      this.#histories.set(component, history);
      history.add(captures, epochMillis);
    }
  }

  /** Returns the overview as JSON. */
  async overview(format: Pick<DataFormat, 'gzip'>): Promise<Uint8Array> {
    const { polls } = this.#source;
    if (this.#overview?.polls !== polls) this.#overview = { polls, json: this.#json(), gzipped: undefined };
    if (!format.gzip) return this.#overview.json;
    this.#overview.gzipped ??= gzip(this.#overview.json);
    return this.#overview.gzipped;
  }

  /** Returns a profile as JSON. Rejects as the pprof profiles do. */
  profile(wanted: Omit<WantedProfile, 'form'>, { gzip: isZipped }: DataFormat): Promise<Uint8Array> {
    return this.#source.profile({ ...wanted, form: isZipped ? 'page.gz' : 'page' });
  }

  /**
   * Returns the profiles of two components as JSON.
   *
   * @throws HttpError (rejects) 400 for two moments: no past states are kept
   */
  async difference({ component, other, gzip: isZipped, signal }: DifferenceQuery): Promise<Uint8Array> {
    if (component === undefined || other === undefined) {
      throw new HttpError(
        400,
        'before: not supported by heapray watch, which keeps no past states; use other',
      );
    }
    return this.#source.comparison({ component, other, signal, form: isZipped ? 'page.gz' : 'page' });
  }

  #json(): Buffer {
    const { captures, hints, problems } = this.#source;
    const history = (component: string) => this.#histories.get(component);
    return Buffer.from(JSON.stringify(watchOverview({ captures, hints, problems, history }, Date.now())));
  }
}
