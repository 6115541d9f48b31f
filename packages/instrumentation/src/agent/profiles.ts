import {
  type HighWaterMark,
  type Ledger,
  type PastState,
  type PastStates,
  presentState,
} from '../ledger/index.js';
import type { ObjectCountTable } from '../profile/index.js';
import type { ProfileProvider, ProfileRequest } from '../server/debug-server.js';
import { NotKeptError } from '../server/not-kept-error.js';
import type { LeakWatch } from './leak-watch.js';
import type { AgentOptions } from './messages.js';
import type { PollLoop } from './poll-loop.js';

export interface ProfilesPorts {
  readonly ledger: Ledger;
  readonly loop: PollLoop;
  readonly options: AgentOptions;
  readonly leaks: LeakWatch;
  readonly past: PastStates;
  /** Now, ms since the epoch; and when counting began, by the same clock. */
  readonly clock: () => number;
  readonly startedMillis: number;
  /** The high-water mark so far. */
  readonly peak: () => HighWaterMark | undefined;
  /** Asks the main thread for V8's object counts; undefined when it has none or does not answer soon. */
  readonly objectCounts: () => Promise<ObjectCountTable | undefined>;
}

/** How long a profile waits for a fresh reading; a main thread inside native code cannot answer. */
const FRESH_READING_MILLIS = 2_000;

/**
 * Makes pprof profiles on request. The encoders are loaded with the first request, so that a process that
 * nobody asks does not hold them in memory.
 */
export function profileProvider(ports: ProfilesPorts): ProfileProvider {
  const { ledger, loop, clock, startedMillis } = ports;
  /** A reading that nobody waits for any more; others who come meanwhile do not ask for more of them. */
  let overdue: Promise<void> | undefined;

  const freshReading = async () => {
    const reading = overdue ?? loop.pollNow();
    let came = false;
    const arrived = reading.finally(() => {
      came = true;
      overdue = undefined;
    });
    await Promise.race([arrived, sleep(FRESH_READING_MILLIS)]);
    if (!came) overdue = reading;
  };

  const verdictsAt = (atMillis: number) => ports.leaks.suspects(atMillis).map(({ verdict }) => verdict);

  const optionsFor = (request: ProfileRequest) => ({
    samplingInterval: ledger.samplingInterval,
    thread: 'main',
    mode: loop.mode ?? 'none',
    startedMillis,
    nowMillis: clock(),
    defaultColumn: request.defaultColumn,
    // A difference between ages would only show samples growing older.
    agesAtMillis: request.seconds === undefined ? performance.now() : undefined,
    verdicts: verdictsAt(performance.now()),
  });

  const snapshot = async (request: ProfileRequest) => {
    const [{ profileFromLedger, objectCountsByNode }] = await Promise.all([
      import('../profile/index.js'),
      freshReading(),
    ]);
    const table = await ports.objectCounts();
    // A profile shows everything up to now, as far as there is any evidence.
    ledger.settle(performance.now(), ledger.hasEvidence(performance.now()));
    const counts = table && { objectCounts: objectCountsByNode(table, ledger.tree) };
    return profileFromLedger(ledger, { ...optionsFor(request), ...counts });
  };

  const peak = async (request: ProfileRequest) => {
    const { peakProfileFromLedger } = await import('../profile/index.js');
    const none = { totalBytes: 0, bytesByNode: new Map(), frozenByNode: new Map() };
    const mark = ports.peak() ?? { ...none, atMillis: performance.now() };
    const nowMillis = clock() - (performance.now() - mark.atMillis);
    return peakProfileFromLedger(ledger, mark, { ...optionsFor(request), nowMillis });
  };

  /** What happened between two moments, each so many seconds ago. */
  const change = async (request: ProfileRequest, since: number, until: number) => {
    const [{ changeProfileFromLedger, objectCountsByNode }] = await Promise.all([
      import('../profile/index.js'),
      until === 0 ? freshReading() : undefined,
    ]);
    const table = await ports.objectCounts();
    const [atMillis, wallMillis] = [performance.now(), clock()];
    if (until === 0) ledger.settle(atMillis, ledger.hasEvidence(atMillis));
    const from = pastState(ports.past, 'since', since, atMillis);
    const to = until === 0 ? presentState(ledger, atMillis) : pastState(ports.past, 'until', until, atMillis);
    if (from.atMillis >= to.atMillis)
      throw new NotKeptError(`since and until: ${since} and ${until} s ago are nearest to one state`);
    const wallOf = (state: PastState) => wallMillis - (atMillis - state.atMillis);
    return changeProfileFromLedger(ledger, [from, to], {
      ...optionsFor(request),
      ...(table && { objectCounts: objectCountsByNode(table, ledger.tree) }),
      startedMillis: wallOf(from),
      nowMillis: wallOf(to),
    });
  };

  const text = async (column: 'inuse_space' | 'alloc_space') => {
    const [{ textView }] = await Promise.all([import('../profile/index.js'), freshReading()]);
    const atMillis = performance.now();
    ledger.settle(atMillis, false);
    return textView(ledger, {
      samplingInterval: ledger.samplingInterval,
      mode: loop.mode ?? 'none',
      column,
      atMillis,
      verdicts: verdictsAt(atMillis),
      progress: ports.leaks.progress,
      survival: ports.leaks.survival(atMillis),
      survivalMillis: ports.leaks.survivalMillis,
    });
  };

  return {
    text,
    async pprof(request) {
      const { encodePprofGzip } = await import('@heapray/exporter/pprof');
      if (request.defaultColumn === 'peak_space') return encodePprofGzip(await peak(request));
      if (request.past) {
        return encodePprofGzip(await change(request, request.past.since, request.past.until));
      }
      if (request.seconds === undefined) return encodePprofGzip(await snapshot(request));
      const { subtractProfiles } = await import('@heapray/exporter/profile');
      const before = await snapshot(request);
      await sleep(request.seconds * 1000, request.signal);
      // Nobody is there any more: what would be made now were for nobody.
      request.signal.throwIfAborted();
      return encodePprofGzip(subtractProfiles(await snapshot(request), before));
    },
  };
}

function pastState(past: PastStates, name: string, secondsAgo: number, atMillis: number): PastState {
  const state = past.nearest(atMillis - secondsAgo * 1000);
  if (state) return state;
  const known = past.moments.map((moment) => Math.round((atMillis - moment) / 1000)).join(', ');
  throw new NotKeptError(`${name}: no state of ${secondsAgo} s ago is kept, only of ${known} s ago`);
}

/** Resolves after a time, or at once when the signal is aborted; does not keep the thread alive. */
function sleep(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // An event that has passed calls no listener.
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, millis).unref();
    signal?.addEventListener('abort', done, { once: true });
  });
}
