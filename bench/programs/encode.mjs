// Encodes one profile with all encoders in turns, and returns the CPU time of each, by round.
import { decodePprof, encodePprof, totals } from '@heapray/exporter';
import { decodeOtlpProfiles, encodeOtlpProfiles } from '@heapray/exporter/otlp';
import { bareOtlp, barePprof } from '../encode/bare-writer.mjs';
import { buildWithPprofFormat } from '../encode/pprof-format.mjs';
import { sampleProfile } from '../encode/sample-profile.mjs';
import { rounds } from '../lib/rounds.mjs';
import { answer, programOptions } from './answer.mjs';

const WARM_UP = 10;

const { repetitions, ...plan } = programOptions();
const { profile, plain } = sampleProfile(plan);
const built = buildWithPprofFormat(plain);

const arms = {
  pprof: () => encodePprof(profile),
  otlp: () => encodeOtlpProfiles([profile]),
  barePprof: () => barePprof(plain),
  bareOtlp: () => bareOtlp(plain),
  pprofFormat: () => buildWithPprofFormat(plain).encode(),
  pprofFormatEncode: () => built.encode(),
};

assertSame();
const times = Object.fromEntries(Object.keys(arms).map((arm) => [arm, []]));
let round = 0;
for (const order of rounds(Object.keys(arms), WARM_UP + repetitions)) {
  for (const arm of order) {
    // Full collections would drop the code of functions that ran only once since the last ones.
    globalThis.gc({ type: 'minor' });
    const before = cpuMillis();
    arms[arm]();
    if (round >= WARM_UP) times[arm].push(cpuMillis() - before);
  }
  round += 1;
}
answer({ times, bytes: Object.fromEntries(Object.entries(arms).map(([arm, run]) => [arm, run().length])) });

/** Checks that all encoders write the same values. */
function assertSame() {
  const expected = JSON.stringify(totals(profile));
  for (const [arm, run] of Object.entries(arms)) {
    const bytes = run();
    const decoded = arm.toLowerCase().includes('otlp') ? decodeOtlpProfiles(bytes)[0] : decodePprof(bytes);
    if (JSON.stringify(totals(decoded)) !== expected || decoded.stackCount !== profile.stackCount)
      throw new Error(`${arm} wrote another profile`);
  }
}

/** Returns the CPU time of this thread in ms; of the process where Node does not measure threads. */
function cpuMillis() {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}
