import type { Profile } from '@heapray/exporter/profile';
import type { ProfileContents } from '@heapray/exporter/sinks';
import type { PastState } from '../history/past-states.js';
import { byteText, durationText } from '../leaks/leak-message.js';
import { type Ledger, type SiteIndex, siteLabel } from '../ledger/index.js';
import type { ProfileMaker, ProfileMakerDeps } from '../profile-maker.js';
import type { MemorySources } from '../sources/memory-sources.js';

export interface KeptProfileDeps {
  /** Loads what makes profiles. */
  readonly profiles: () => Promise<ProfileMaker>;
  readonly sources: Pick<MemorySources, 'main' | 'all'>;
  readonly resident?: ProfileMakerDeps['resident'];
}

/** Number of call sites in the text. */
const TOP_SITES = 30;
const GROWN_SITES = 10;
/** Age of the state that growth is measured from, in ms, if one is kept; else the oldest is taken. */
const GROWTH_MILLIS = 5 * 60_000;
const HEAP = { defaultColumn: 'inuse_space', seconds: undefined, past: undefined };

interface Loaded {
  readonly profiles: ProfileMaker;
  readonly encode: (profile: Profile) => Uint8Array;
}

/** Makes the profiles that are kept on disk: a pprof file, and a text that needs no tool to read. */
export class KeptProfileMaker {
  readonly #deps: KeptProfileDeps;
  #loaded: Promise<Loaded> | undefined;

  constructor(deps: KeptProfileDeps) {
    this.#deps = deps;
  }

  /** Loads what is needed to make a profile. Near a limit there may be no time or file descriptor to load it. */
  prepare(): Promise<Loaded> {
    if (this.#loaded === undefined) {
      // Ask now: the first profile does not wait for a main thread that is known to be busy.
      this.#deps.resident?.present().catch(() => {});
      this.#loaded = load(this.#deps);
      this.#loaded.catch(() => {
        this.#loaded = undefined;
      });
    }
    return this.#loaded;
  }

  /** Makes a profile of the ledger's present state. The text begins with `heading`, a few lines. */
  async make(heading: readonly string[]): Promise<ProfileContents> {
    const { profiles, encode } = await this.prepare();
    const pprof = encode(await profiles.snapshot(HEAP, async () => undefined, heading));
    const heap = await profiles.text(HEAP, TOP_SITES);
    return { pprof, text: `${[...heading, '', ...this.#growth(), ''].join('\n')}\n${heap}\n` };
  }

  /** Lists the call sites of all threads whose bytes in use grew most. */
  #growth(): readonly string[] {
    const { main, all } = this.#deps.sources;
    const now = performance.now();
    const { moments } = main.past;
    const moment = moments.findLast((one) => now - one >= GROWTH_MILLIS) ?? moments[0];
    if (moment === undefined) return [];
    const grown = all.flatMap(({ ledger, past }) =>
      growthBySite(ledger, past.nearestOrEmpty(moment)).map(([site, bytes]) => ({ ledger, site, bytes })),
    );
    const rows = grown
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, GROWN_SITES)
      .map(({ ledger, site, bytes }) => `  +${byteText(bytes)}  ${siteLabel(ledger.sites.site(site))}`);
    const ago = durationText((now - moment) / 1000);
    return rows.length === 0 ? [`Nothing grew in the last ${ago}.`] : [`Growth in the last ${ago}:`, ...rows];
  }
}

/** Returns the call sites that have more in use than in an earlier state, with the difference, largest first. */
export function growthBySite(ledger: Ledger, from: PastState): readonly (readonly [SiteIndex, number])[] {
  const growth = new Map<SiteIndex, number>();
  for (let node = 0; node < ledger.tree.size; node++) {
    const bytes = ledger.inUseBytes(node) - from.inUseBytes(node);
    if (bytes === 0) continue;
    const site = ledger.sites.siteOf(node);
    growth.set(site, (growth.get(site) ?? 0) + bytes);
  }
  return [...growth].filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
}

async function load(deps: KeptProfileDeps): Promise<Loaded> {
  const [{ encodePprof }, { gzipSync, constants }, profiles] = await Promise.all([
    import('@heapray/exporter/pprof'),
    import('node:zlib'),
    deps.profiles(),
    import('@heapray/exporter/profile'),
    import('../profiles/index.js'),
  ]);
  // Compress synchronously on this thread: the thread pool belongs to the application.
  return { profiles, encode: (profile) => gzipSync(encodePprof(profile), { level: constants.Z_BEST_SPEED }) };
}
