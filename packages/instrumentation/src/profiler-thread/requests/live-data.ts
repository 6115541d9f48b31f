import type { DataFormat, DifferenceQuery, LiveSource, ProfileQuery } from '@heapray/exporter/http';
import type { Profile } from '@heapray/exporter/profile';
import type { OverviewDeps } from '../overview/index.js';
import type { ProfileMaker } from '../profile-maker.js';
import type { PollsForRequests } from './polls-for-requests.js';
import { type RequestedProfiles, wanted } from './requested-profiles.js';

export type LiveDataDeps = OverviewDeps;

export interface LiveDataParts {
  readonly readings: PollsForRequests;
  readonly profiles: ProfileMaker;
  readonly requested: RequestedProfiles;
}

/**
 * Time after which the page asks for the overview again, in seconds. It grows with the cost of the last overview, so that
 * one open page never takes more than the clients' share of the CPU budget, up to a minute.
 */
const REFRESH_SECONDS = 5;
const MAX_REFRESH_SECONDS = 60;

/** Makes the data of the live page as JSON, within the limits for all requests. */
export class LiveDataProvider implements Pick<LiveSource, 'overview' | 'profile' | 'difference'> {
  readonly #deps: LiveDataDeps;
  readonly #parts: LiveDataParts;
  #refreshSeconds = REFRESH_SECONDS;

  constructor(deps: LiveDataDeps, parts: LiveDataParts) {
    this.#deps = deps;
    this.#parts = parts;
  }

  async overview(format: DataFormat): Promise<Uint8Array> {
    const { readings, profiles } = this.#parts;
    const [{ makeOverview }, encode] = await Promise.all([import('../overview/index.js'), loadJson(format)]);
    const spent = readings.spentMillis;
    const moment = {
      refreshSeconds: this.#refreshSeconds,
      epochMillis: (at: number) => profiles.epochMillis(at),
    };
    const name = this.#deps.offersSnapshots ? 'overview with snapshots' : 'overview';
    const json = await readings.make(wantedOf(format, name), async () =>
      encode(makeOverview(this.#deps, { ...moment, atMillis: performance.now() })),
    );
    const seconds = readings.gapFor(readings.spentMillis - spent) / 1000;
    this.#refreshSeconds = Math.round(Math.min(MAX_REFRESH_SECONDS, Math.max(REFRESH_SECONDS, seconds)));
    return json;
  }

  async profile(query: ProfileQuery, format: DataFormat): Promise<Uint8Array> {
    const [{ makePageData }, { callSitesOnly }, encode] = await Promise.all([
      loadPage(),
      import('@heapray/exporter/profile'),
      loadJson(format),
    ]);
    return this.#parts.requested.make(query, {
      name: keyOf(format, 'page'),
      // The overview shows the memory that belongs to no call site.
      encode: (profile) => encode(makePageData([{ profile: callSitesOnly(profile), name: query.name }])),
    });
  }

  async difference({ before, after, ...format }: DifferenceQuery): Promise<Uint8Array> {
    const { readings, profiles } = this.#parts;
    const [{ makePageData }, encode] = await Promise.all([loadPage(), loadJson(format)]);
    const nameOf = ({ timeNanos }: Profile) => timeText(Number(timeNanos / 1_000_000n));
    return readings.make(wantedOf(format, `states ${before} ${after}`), async () => {
      const states = await profiles.states(before ?? 0, after);
      return encode(makePageData(states.map((profile) => ({ profile, name: nameOf(profile) }))));
    });
  }
}

/** Loads what makes the data in advance, so that loading is not charged to a request. */
async function loadPage() {
  const [page] = await Promise.all([
    import('@heapray/exporter/page'),
    import('@heapray/exporter/profile'),
    import('../profiles/index.js'),
  ]);
  return page;
}

async function loadJson({ gzip }: DataFormat): Promise<(data: unknown) => Uint8Array> {
  const { gzipSync, constants } = await import('node:zlib');
  return (data) => {
    const json = Buffer.from(JSON.stringify(data));
    // Compress synchronously on this thread: the thread pool belongs to the application.
    return gzip ? gzipSync(json, { level: constants.Z_BEST_SPEED }) : json;
  };
}

function wantedOf(format: DataFormat, key: string) {
  return wanted({ ...format, collectFirst: false }, keyOf(format, key));
}

function keyOf({ gzip }: DataFormat, key: string): string {
  return gzip ? `${key}, gzip` : key;
}

/** Formats a time as `2026-01-02 03:04:05 UTC`. */
function timeText(epochMillis: number): string {
  return `${new Date(epochMillis).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
