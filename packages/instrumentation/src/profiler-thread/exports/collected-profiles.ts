import type { Profile } from '@heapray/exporter/profile';
import type { ProfileMakerDeps } from '../profile-maker.js';
import type { ProfileRequests } from '../requests/profile-requests.js';
import type { ExporterKind } from './profile-exports.js';

const CUMULATIVE = { defaultColumn: 'inuse_space', seconds: undefined, past: undefined } as const;

/**
 * Makes the cumulative profiles that are exported. A Collector gets standard errors as a label, others as comments. Only
 * files have ages: elsewhere they would multiply the samples.
 */
export async function collectedProfile({ requested }: ProfileRequests, kind: ExporterKind): Promise<Profile> {
  const errors = kind === 'otlp' ? 'labels' : 'comments';
  const ageless = kind !== 'file';
  const query = {
    ...CUMULATIVE,
    errors,
    ageless,
    collectFirst: false,
    client: 'exports',
    // It waits for the CPU budget, and is not refused.
    promised: true,
    signal: new AbortController().signal,
  } as const;
  const name = `export with ${errors}, ${ageless ? 'ageless' : 'ages'}`;
  return requested.make(query, { name, encode: (profile) => profile });
}

/** Makes the last profile of a process whose main thread answers no more, from the last poll. */
export async function lastProfile(deps: ProfileMakerDeps, kind: ExporterKind): Promise<Profile> {
  const { ProfileMaker } = await import('../profile-maker.js');
  const maker = new ProfileMaker({ ...deps, resident: undefined });
  const errors = kind === 'otlp' ? 'labels' : 'comments';
  return maker.snapshot({ ...CUMULATIVE, errors, ageless: kind !== 'file' }, async () => undefined);
}
