import { type CaptureEnd, CaptureLifetimes, type CaptureLifetimesOptions } from '@heapray/exporter/memray';
import { callSitesOnly, type Profile } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';
import { detectFormat, HEAD_BYTES } from '../inputs/detect.js';
import { type InputFormat, readOpenInput } from '../inputs/index.js';
import { noteCut, readCapture } from '../inputs/memray.js';
import { openInput } from '../inputs/read-bytes.js';
import { HttpSource } from '../live/sources/http-source.js';
import { serverUrl } from '../live/sources/open-source.js';
import { type Ages, agesOf } from './ages.js';

const TIMEOUT_MILLIS = 60_000;
const PORT = /^\d{1,5}$/;
/** State of a source without a server. */
const WAITING = /^waiting for /;

/** Lifetimes of a capture, or ages of what a profile has in use. */
export type ReadLifetimes =
  | { readonly format: 'memray'; readonly lifetimes: CaptureLifetimes; readonly end: CaptureEnd }
  | { readonly format: Exclude<InputFormat, 'memray'>; readonly ages: Ages };

/**
 * Reads a capture or profile, or the heap profile of a server.
 *
 * @param source file, `-` for standard input, URL, `HOST:PORT`, or port of this machine
 * @param component component, for a server of `heapray watch`
 * @throws CommandError with one line: the source and the reason
 */
export async function readLifetimes(
  source: string,
  component: string | undefined,
  options: CaptureLifetimesOptions,
): Promise<ReadLifetimes> {
  const url = serverUrl(PORT.test(source) ? `127.0.0.1:${source}` : source);
  if (url !== undefined) {
    if (options.window !== undefined) throw noTimes(url.href);
    const { name, profile } = await readServer(url, component);
    return { format: 'pprof', ages: agesOf(profile, name) };
  }
  const opened = await openInput(source, HEAD_BYTES);
  if (detectFormat(opened.head) === 'memray') {
    const lifetimes = new CaptureLifetimes(options);
    const end = await readCapture(opened, lifetimes);
    noteCut(opened.name, lifetimes.window);
    return { format: 'memray', lifetimes, end };
  }
  const { profile, format } = await readOpenInput(opened, options.window);
  if (format === 'memray') throw noTimes(opened.name);
  return { format, ages: agesOf(callSitesOnly(profile), opened.name) };
}

function noTimes(name: string): CommandError {
  return new CommandError(`${name}: no memray capture; --from and --until need its times`);
}

async function readServer(
  url: URL,
  component: string | undefined,
): Promise<{ readonly name: string; readonly profile: Profile }> {
  const source = new HttpSource(url, { intervalMillis: TIMEOUT_MILLIS, component, isWaiting: false });
  const { state, status } = await source.poll(AbortSignal.timeout(TIMEOUT_MILLIS));
  if (state === undefined) {
    const reason = WAITING.test(status) ? 'no server listens there' : status;
    throw new CommandError(`${source.name}: ${reason}`);
  }
  return { name: source.name, profile: state.profile };
}
