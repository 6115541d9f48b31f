import { HttpError, type ProfileQuery } from '@heapray/exporter/http';
import type { Profile } from '@heapray/exporter/profile';
import type { ProfileMaker } from '../profile-maker.js';
import { sleep } from '../sleep.js';
import type { ObjectCountsOfPoll, PollsForRequests, ReadingWanted } from './polls-for-requests.js';

/** Encodes a profile, in a form that has a name. */
export interface ProfileForm {
  /** Distinguishes the results: requests of the same form and query share one. */
  readonly name: string;
  encode(profile: Profile): Uint8Array;
}

/** Maximum number of concurrent difference profiles; each keeps its first profile until its time is over. */
const MAX_DIFFERENCES = 16;
/** Delay after which a refused client should retry, in seconds. */
const NO_ROOM_SECONDS = 10;

/** Makes encoded profiles for the requests of a server. */
export class RequestedProfiles {
  readonly #profiles: ProfileMaker;
  readonly #readings: PollsForRequests;
  #differences = 0;

  constructor(profiles: ProfileMaker, readings: PollsForRequests) {
    this.#profiles = profiles;
    this.#readings = readings;
  }

  /**
   * Makes the profile of a query.
   *
   * @throws HttpError (rejects) when there is none, or none now
   */
  async make(query: ProfileQuery, form: ProfileForm): Promise<Uint8Array> {
    const { defaultColumn, seconds, past } = query;
    if (seconds !== undefined) {
      if (this.#differences >= MAX_DIFFERENCES) {
        throw new HttpError(503, `seconds: ${MAX_DIFFERENCES} requests wait already`, NO_ROOM_SECONDS);
      }
      this.#differences++;
      return this.#difference(query, seconds, form).finally(() => this.#differences--);
    }
    const of = past ? `${defaultColumn} ${past.since} ${past.until}` : defaultColumn;
    return this.#readings.make(wanted(query, `${form.name} ${of}`), async (counts) =>
      form.encode(await this.#profiles.make(query, counts)),
    );
  }

  /** Makes a profile of the change while the client waits. */
  async #difference(query: ProfileQuery, seconds: number, form: ProfileForm): Promise<Uint8Array> {
    const { subtractProfiles } = await import('@heapray/exporter/profile');
    const first = wanted(query, `difference ${query.defaultColumn}`);
    const make = (counts: ObjectCountsOfPoll) => this.#profiles.snapshot(query, counts);
    const before = await this.#readings.make(first, make);
    await sleep(seconds * 1000, query.signal);
    // Stop if the client has disconnected meanwhile.
    query.signal.throwIfAborted();
    const after = await this.#readings.make({ ...first, promised: true }, make);
    return this.#readings.measured(async () => form.encode(subtractProfiles(after, before)));
  }
}

export function wanted(
  { client, signal, collectFirst }: Omit<ReadingWanted, 'key'>,
  key: string,
): ReadingWanted {
  return { key, client, signal, collectFirst };
}
