// Sums a pprof profile by the functions of interest.
import { decodePprof } from '@heapray/exporter/pprof';
import { callSitesOnly } from '@heapray/exporter/profile';

/** Returns bytes of a column by the named function on the stack; `(unobserved)` and `rest` for the others. */
export function bytesBySite(pprof, column, sites) {
  const profile = callSitesOnly(decodePprof(pprof));
  const index = profile.columns.findIndex(({ type }) => type === column);
  const bytes = Object.fromEntries([...sites, '(unobserved)', 'rest'].map((site) => [site, 0]));
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const names = [...profile.frames(profile.stackOf(sample))].map(({ functionName }) => functionName);
    bytes[names.find((name) => Object.hasOwn(bytes, name)) ?? 'rest'] += profile.value(sample, index);
  }
  return { bytes, comments: profile.comments };
}
