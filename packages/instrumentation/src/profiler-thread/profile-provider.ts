import { HttpError, type ProfileQuery } from '@heapray/exporter/http';
import type { ObjectCountTable } from '../protocol/object-count-table.js';
import type { HighWaterMark } from './history/high-water-mark.js';
import { type PastState, type PastStates, presentState } from './history/past-states.js';
import type { LeakWatch } from './leaks/leak-watch.js';
import type { Ledger } from './ledger/index.js';
import type { PollLoop } from './polling/poll-loop.js';
import { PollsForRequests, type PollsForRequestsDeps, type ReadingWanted } from './polls-for-requests.js';
import type { ProfileProvider } from './server/debug-server.js';
import { sleep } from './sleep.js';

export interface ProfileProviderDeps extends PollsForRequestsDeps {
  readonly loop: PollsForRequestsDeps['loop'] & Pick<PollLoop, 'mode'>;
  readonly ledger: Ledger;
  readonly leaks: LeakWatch;
  readonly past: PastStates;
  /** Present time, in ms since the epoch; `startedMillis` is when counting began, on the same clock. */
  readonly clock: () => number;
  readonly startedMillis: number;
  /** Returns the high-water mark so far. */
  readonly peak: () => HighWaterMark | undefined;
}

/** Maximum number of concurrent difference profiles; each keeps its first profile until its time is over. */
const MAX_DIFFERENCES = 16;
/** Delay after which a refused client should retry, in seconds. */
const NO_ROOM_SECONDS = 10;

/**
 * Makes pprof profiles on request. Loads the encoders with the first request, so that a process without
 * requests does not hold them in memory.
 */
export function profileProvider(deps: ProfileProviderDeps): ProfileProvider {
  const { ledger, loop, clock, startedMillis } = deps;
  const readings = new PollsForRequests(deps);
  let differences = 0;

  const leakMessagesAt = (atMillis: number) => deps.leaks.suspects(atMillis).map(({ message }) => message);

  const optionsFor = ({ defaultColumn, seconds }: ProfileQuery) => ({
    samplingInterval: ledger.samplingInterval,
    thread: 'main',
    mode: loop.mode ?? 'none',
    startedMillis,
    nowMillis: clock(),
    defaultColumn,
    // Leave ages out of a difference: it would only show samples growing older.
    agesAtMillis: seconds === undefined ? performance.now() : undefined,
    leakMessages: leakMessagesAt(performance.now()),
  });

  const snapshot = async (query: ProfileQuery, table: ObjectCountTable | undefined) => {
    const { profileFromLedger, objectCountsByNode } = await import('./profiles/index.js');
    // Attribute everything up to now, if there are statistics to do so.
    ledger.attribute(performance.now(), ledger.hasEvidence(performance.now()));
    const counts = table && { objectCounts: objectCountsByNode(table, ledger.tree) };
    return profileFromLedger(ledger, { ...optionsFor(query), ...counts });
  };

  const peak = async (query: ProfileQuery) => {
    const { peakProfileFromLedger } = await import('./profiles/index.js');
    const none = { totalBytes: 0, bytesByNode: new Map(), carriedOverByNode: new Map() };
    const mark = deps.peak() ?? { ...none, atMillis: performance.now() };
    const nowMillis = clock() - (performance.now() - mark.atMillis);
    return peakProfileFromLedger(ledger, mark, { ...optionsFor(query), nowMillis });
  };

  /** Makes a profile of the change between two past moments, given in seconds before now. */
  const change = async (
    query: ProfileQuery,
    { since, until }: { readonly since: number; readonly until: number },
    table: ObjectCountTable | undefined,
  ) => {
    const { changeProfileFromLedger, objectCountsByNode } = await import('./profiles/index.js');
    const [atMillis, wallMillis] = [performance.now(), clock()];
    if (until === 0) ledger.attribute(atMillis, ledger.hasEvidence(atMillis));
    const from = pastState(deps.past, 'since', since, atMillis);
    const to = until === 0 ? presentState(ledger, atMillis) : pastState(deps.past, 'until', until, atMillis);
    if (from.atMillis >= to.atMillis) {
      throw new HttpError(404, `since and until: ${since} and ${until} s ago are nearest to one state`);
    }
    const wallOf = (state: PastState) => wallMillis - (atMillis - state.atMillis);
    return changeProfileFromLedger(ledger, [from, to], {
      ...optionsFor(query),
      ...(table && { objectCounts: objectCountsByNode(table, ledger.tree) }),
      startedMillis: wallOf(from),
      nowMillis: wallOf(to),
    });
  };

  const text = async ({ defaultColumn }: ProfileQuery) => {
    const { textView } = await import('./profiles/index.js');
    const atMillis = performance.now();
    ledger.attribute(atMillis, false);
    return textView(ledger, {
      samplingInterval: ledger.samplingInterval,
      mode: loop.mode ?? 'none',
      column: defaultColumn === 'alloc_space' ? 'alloc_space' : 'inuse_space',
      atMillis,
      leakMessages: leakMessagesAt(atMillis),
      progress: deps.leaks.progress,
      survival: deps.leaks.survival(atMillis),
      survivalMillis: deps.leaks.survivalMillis,
    });
  };

  /** Makes a profile of the change while the client waits. */
  const difference = async (query: ProfileQuery, seconds: number): Promise<Uint8Array> => {
    const { encode, subtract } = await loadEncoders();
    const first = wanted(query, `difference ${query.defaultColumn}`);
    const make = (table: ObjectCountTable | undefined) => snapshot(query, table);
    const before = await readings.make(first, make);
    await sleep(seconds * 1000, query.signal);
    // Stop if the client has disconnected meanwhile.
    query.signal.throwIfAborted();
    const after = await readings.make({ ...first, promised: true }, make);
    return readings.measured(async () => encode(subtract(after, before)));
  };

  return {
    async text(query) {
      await loadEncoders();
      return readings.make(wanted(query, `text ${query.defaultColumn}`), () => text(query));
    },
    async pprof(query) {
      const { defaultColumn, seconds, past } = query;
      if (seconds !== undefined) {
        if (differences >= MAX_DIFFERENCES) {
          throw new HttpError(503, `seconds: ${MAX_DIFFERENCES} requests wait already`, NO_ROOM_SECONDS);
        }
        differences++;
        return difference(query, seconds).finally(() => differences--);
      }
      const { encode } = await loadEncoders();
      const key = past ? `${defaultColumn} ${past.since} ${past.until}` : defaultColumn;
      return readings.make(wanted(query, key), async (table) => {
        if (past) return encode(await change(query, past, table));
        return encode(await (defaultColumn === 'peak_space' ? peak(query) : snapshot(query, table)));
      });
    },
  };
}

function wanted({ client, signal, collectFirst }: ProfileQuery, key: string): ReadingWanted {
  return { key, client, signal, collectFirst };
}

/** Loads all encoders in advance, so that loading is not charged to a profile. */
async function loadEncoders() {
  const [{ encodePprof }, { subtractProfiles }, { gzipSync, constants }] = await Promise.all([
    import('@heapray/exporter/pprof'),
    import('@heapray/exporter/profile'),
    import('node:zlib'),
    import('./profiles/index.js'),
  ]);
  // Compress synchronously on this thread: the thread pool belongs to the application.
  const level = constants.Z_BEST_SPEED;
  const encode = (profile: Parameters<typeof encodePprof>[0]): Uint8Array =>
    gzipSync(encodePprof(profile), { level });
  return { encode, subtract: subtractProfiles };
}

function pastState(past: PastStates, name: string, secondsAgo: number, atMillis: number): PastState {
  const state = past.nearest(atMillis - secondsAgo * 1000);
  if (state) return state;
  const known = past.moments.map((moment) => Math.round((atMillis - moment) / 1000)).join(', ');
  throw new HttpError(404, `${name}: no state of ${secondsAgo} s ago is kept, only of ${known} s ago`);
}
