import { HttpError, type ProfileQuery } from '@heapray/exporter/http';
import type { Profile } from '@heapray/exporter/profile';
import type { ProfileMaker, ProfileWanted } from '../profile-maker.js';
import { sleep } from '../sleep.js';
import type { ObjectCountsOfPoll, PollsForRequests, ReadingWanted } from './polls-for-requests.js';

/** Encodes a profile, in a form that has a name. */
export interface ProfileForm<T = Uint8Array> {
  /** Distinguishes the results: requests of the same form and query share one. */
  readonly name: string;
  encode(profile: Profile): T;
}

/** The contents of a profile, and the client that it is for. */
export type RequestedProfile = Pick<ProfileQuery, 'client' | 'signal' | 'collectFirst'> &
  ProfileWanted & {
    /** True for a request of the process itself, which is never refused: who asks sets the bounds. */
    readonly promised?: boolean;
  };

/** Makes encoded profiles for the requests of a server. */
export class RequestedProfiles {
  readonly #profiles: ProfileMaker;
  readonly #readings: PollsForRequests;
  /** End of the time that a client's profile covers; undefined while there is none. */
  #captureEndsAt: number | undefined;

  constructor(profiles: ProfileMaker, readings: PollsForRequests) {
    this.#profiles = profiles;
    this.#readings = readings;
  }

  /**
   * Makes the profile of a query.
   *
   * @throws HttpError (rejects) when there is none, or none now
   */
  async make<T>(query: RequestedProfile, form: ProfileForm<T>): Promise<T> {
    const { defaultColumn, seconds, past } = query;
    if (seconds !== undefined) {
      return query.promised ? this.#difference(query, seconds, form) : this.#capture(query, seconds, form);
    }
    const of = past ? `${defaultColumn} ${past.since} ${past.until}` : defaultColumn;
    return this.#readings.make(wanted(query, `${form.name} ${of}`), async (counts) =>
      form.encode(await this.#profiles.make(query, counts)),
    );
  }

  /** Makes a client's profile of a change. One at a time: each keeps its first profile until its time is over. */
  async #capture<T>(query: RequestedProfile, seconds: number, form: ProfileForm<T>): Promise<T> {
    const now = performance.now();
    if (this.#captureEndsAt !== undefined) {
      const left = Math.ceil((this.#captureEndsAt - now) / 1000);
      throw new HttpError(503, 'seconds: another profile of a change is being made', Math.max(1, left));
    }
    this.#captureEndsAt = now + seconds * 1000;
    return this.#difference(query, seconds, form).finally(() => {
      this.#captureEndsAt = undefined;
    });
  }

  /** Makes a profile of the change while the client waits. */
  async #difference<T>(query: RequestedProfile, seconds: number, form: ProfileForm<T>): Promise<T> {
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
  { client, signal, collectFirst, promised = false }: Omit<ReadingWanted, 'key'>,
  key: string,
): ReadingWanted {
  return { key, client, signal, collectFirst, promised };
}
