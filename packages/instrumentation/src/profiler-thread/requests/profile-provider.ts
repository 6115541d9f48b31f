import type { Profile } from '@heapray/exporter/profile';
import { ProfileMaker, type ProfileMakerDeps } from '../profile-maker.js';
import type { ProfileProvider } from '../server/debug-server.js';
import { type LiveDataDeps, LiveDataProvider } from './live-data.js';
import { PollsForRequests, type PollsForRequestsDeps } from './polls-for-requests.js';
import { RequestedProfiles, wanted } from './requested-profiles.js';

export interface ProfileProviderDeps extends PollsForRequestsDeps, ProfileMakerDeps, LiveDataDeps {
  readonly loop: PollsForRequestsDeps['loop'] & ProfileMakerDeps['loop'] & LiveDataDeps['loop'];
  readonly stats: PollsForRequestsDeps['stats'] & LiveDataDeps['stats'];
  readonly resident?: ProfileMakerDeps['resident'] & LiveDataDeps['resident'];
}

/**
 * Makes profiles and the data of the live page on request. Loads the encoders with the first request, so that a
 * process without requests does not hold them in memory.
 */
export function profileProvider(deps: ProfileProviderDeps): ProfileProvider {
  // One for all requests: the limits are those of the server.
  const readings = new PollsForRequests(deps);
  const profiles = new ProfileMaker(deps);
  const requested = new RequestedProfiles(profiles, readings);
  return {
    live: new LiveDataProvider(deps, { readings, profiles, requested }),
    async text(query) {
      await loadEncoders();
      return readings.make(wanted(query, `text ${query.defaultColumn}`), () => profiles.text(query));
    },
    async pprof(query) {
      const encode = await loadEncoders();
      return requested.make(query, { name: 'pprof', encode });
    },
  };
}

/** Loads all encoders in advance, so that loading is not charged to a profile. */
async function loadEncoders(): Promise<(profile: Profile) => Uint8Array> {
  const [{ encodePprof }, { gzipSync, constants }] = await Promise.all([
    import('@heapray/exporter/pprof'),
    import('node:zlib'),
    import('@heapray/exporter/profile'),
    import('../profiles/index.js'),
  ]);
  // Compress synchronously on this thread: the thread pool belongs to the application.
  return (profile) => gzipSync(encodePprof(profile), { level: constants.Z_BEST_SPEED });
}
