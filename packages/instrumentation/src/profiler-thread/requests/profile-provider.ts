import type { EncodePprofOptions } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import type { ProfileProvider } from '../server/debug-pages.js';
import { type LiveDataDeps, LiveDataProvider } from './live-data.js';
import { type ProfileRequests, type ProfileRequestsDeps, profileRequests } from './profile-requests.js';
import { wanted } from './requested-profiles.js';

export interface ProfileProviderDeps extends ProfileRequestsDeps, LiveDataDeps {
  readonly loop: ProfileRequestsDeps['loop'] & LiveDataDeps['loop'];
  readonly stats: ProfileRequestsDeps['stats'] & LiveDataDeps['stats'];
  readonly resident?: ProfileRequestsDeps['resident'] & LiveDataDeps['resident'];
}

/**
 * Makes profiles and the data of the live page on request. Loads the encoders with the first request, so that a
 * process without requests does not hold them in memory.
 *
 * @param requests what makes profiles for all requests of the process. Default: for this provider alone
 */
export function profileProvider(
  deps: ProfileProviderDeps,
  { readings, profiles, requested }: ProfileRequests = profileRequests(deps),
): ProfileProvider {
  return {
    live: new LiveDataProvider(deps, { readings, profiles, requested }),
    async text(query) {
      await loadEncoders();
      return readings.make(wanted(query, `text ${query.defaultColumn}`), () => profiles.text(query));
    },
    async pprof(query) {
      const encodeAs = await loadEncoders();
      const { addresses = false } = query;
      const encode = (profile: Profile) => encodeAs(profile, { addresses });
      const suspectsOnly = query.name === 'leak';
      const name = `pprof${suspectsOnly ? ' of suspects' : ''}${addresses ? ' with addresses' : ''}`;
      return requested.make({ ...query, suspectsOnly, errors: 'comments' }, { name, encode });
    },
  };
}

/** Loads all encoders in advance, so that loading is not charged to a profile. */
async function loadEncoders(): Promise<(profile: Profile, options: EncodePprofOptions) => Uint8Array> {
  const [{ encodePprof }, { gzipSync, constants }] = await Promise.all([
    import('@heapray/exporter/pprof'),
    import('node:zlib'),
    import('@heapray/exporter/profile'),
    import('../profiles/index.js'),
  ]);
  // Compress synchronously on this thread: the thread pool belongs to the application.
  return (profile, options) => gzipSync(encodePprof(profile, options), { level: constants.Z_BEST_SPEED });
}
