import type { OverviewData, OverviewSeries, OverviewSubject, OverviewSuspect } from '@heapray/exporter/page';
import { formatBytes } from '../../text/quantity.js';
import type { HistoryPoints, LiveState, MemoryPart } from '../live-state.js';
import { tokenHeaders } from './token-headers.js';

/** Values that the overview of a server adds to its profile. */
export type OverviewState = Pick<
  LiveState,
  'program' | 'pid' | 'residentBytes' | 'residentParts' | 'heapLimit' | 'warnings' | 'past'
>;

const PATH = '/debug/ui/overview.json';
const FORMAT = 'heapray-overview';
const VERSION = 1;
const TIMEOUT_MILLIS = 10_000;
/** Largest overview. It has at most an hour of series in steps of 10 s. */
const MAX_BYTES = 16 * 2 ** 20;

/** Returns the URL of the overview of the server with this profile. */
export function overviewUrl(profile: URL): URL {
  const url = new URL(profile);
  url.pathname = url.pathname.replace(/\/debug\/pprof\/heap$/, PATH);
  url.search = '';
  return url;
}

/**
 * Reads the overview of a server. Returns undefined if the server is an older version without one, or gives no more
 * answers at the moment. This is not a failure, because everything that is shown is in the profile too.
 */
export async function readOverview(
  url: URL,
  component: string | undefined,
  signal: AbortSignal,
): Promise<OverviewState | undefined> {
  try {
    const timeout = AbortSignal.timeout(TIMEOUT_MILLIS);
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, timeout]),
      redirect: 'error',
      headers: tokenHeaders(),
    });
    const length = Number(response.headers.get('content-length') ?? 0);
    if (response.status !== 200 || length > MAX_BYTES) {
      await response.body?.cancel();
      return undefined;
    }
    const data = (await response.json()) as Partial<OverviewData>;
    if (data.format !== FORMAT || data.version !== VERSION) return undefined;
    const subject = data.subjects?.find((each) => each.component === component);
    // Times are on the clock of the server, which may differ from that of this machine.
    return subject && stateOf(subject, Date.now() - (data.timeMillis ?? Date.now()));
  } catch {
    return undefined;
  }
}

function stateOf(subject: OverviewSubject, shiftMillis: number): OverviewState {
  const { name, facts, state, suspects, limits, lines } = subject;
  const timesMillis = subject.timesMillis.map((time) => time + shiftMillis);
  const parts = residentParts(subject.resident);
  const pid = Number(facts.find((fact) => fact.name === 'Process')?.text);
  return {
    program: name,
    pid: Number.isInteger(pid) ? pid : undefined,
    residentBytes: parts.length === 0 ? undefined : parts.reduce((sum, { bytes }) => sum + bytes, 0),
    residentParts: parts.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes),
    heapLimit: limits.find((limit) => limit.name === 'heap')?.bytes,
    warnings: [...(state.level === 'ok' ? [] : [state.text]), ...suspects.map(suspectText)],
    past: {
      inUse: pointsOf(timesMillis, lines, 'in use'),
      rate: pointsOf(timesMillis, lines, 'allocation rate'),
    },
  };
}

/** Returns a line that fits on a screen, unlike the message of the leak detector. */
function suspectText({ functionName, place, bytes, bytesPerSecond }: OverviewSuspect): string {
  const [held, rate] = [formatBytes(Math.round(bytes)), formatBytes(Math.round(bytesPerSecond))];
  return `leak suspected: ${functionName} ${place.slice(place.lastIndexOf('/') + 1)} +${rate}/s, holds ${held}`;
}

/** Returns the newest values of the parts. */
function residentParts(resident: readonly OverviewSeries[]): readonly MemoryPart[] {
  return resident.flatMap(({ name, values }) => {
    const bytes = values.at(-1);
    return typeof bytes === 'number' ? [{ name: name.replaceAll('_', ' '), bytes }] : [];
  });
}

function pointsOf(times: readonly number[], lines: readonly OverviewSeries[], name: string): HistoryPoints {
  const values = lines.find((line) => line.name === name)?.values ?? [];
  return times.flatMap((atMillis, at) => {
    const value = values[at];
    return typeof value === 'number' ? [{ atMillis, value }] : [];
  });
}
