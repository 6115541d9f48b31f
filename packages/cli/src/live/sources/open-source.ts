import { UsageError } from '../../errors.js';
import type { LiveSource } from '../live-state.js';
import { FileSource } from './file-source.js';
import { HttpSource } from './http-source.js';
import { PortSource } from './port-source.js';

export interface SourceOptions {
  /** Time between polls in ms; undefined for the default of the source. */
  readonly intervalMillis: number | undefined;
  readonly component: string | undefined;
  readonly isWaiting: boolean;
}

/** Default time between polls of data that is here anyway. */
const LOCAL_MILLIS = 1_000;
/** Default time between requests. Each costs the profiled program one poll of its heap. */
const HTTP_MILLIS = 5_000;
const PORT = /^\d{1,5}$/;
const MAX_PORT = 65_535;
const URL_START = /^https?:\/\//i;
/** `HOST:PORT`, as the log of a debug server has it. */
const ADDRESS = /^(?:[\w.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/i;

/**
 * Returns the source that an argument names: a port of this machine, a URL or `HOST:PORT`, or else a file.
 *
 * @throws UsageError for an invalid port or URL, or an option that the source does not have
 */
export function openSource(target: string, options: SourceOptions): LiveSource {
  const { intervalMillis, component, isWaiting } = options;
  const common = { component, isWaiting };
  const httpIntervalMillis = intervalMillis ?? HTTP_MILLIS;
  if (PORT.test(target)) {
    return new PortSource(portNumber(target), {
      ...common,
      httpIntervalMillis,
      intervalMillis: intervalMillis ?? LOCAL_MILLIS,
    });
  }
  const url = urlOf(target);
  if (url !== undefined) return new HttpSource(url, { ...common, intervalMillis: httpIntervalMillis });
  if (component !== undefined) throw new UsageError('--component is for the URL of heapray watch');
  return new FileSource(target, { isWaiting, intervalMillis: intervalMillis ?? LOCAL_MILLIS });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (port > 0 && port <= MAX_PORT) return port;
  throw new UsageError(`port ${text} is not valid: expected a port from 1 to ${MAX_PORT}`);
}

function urlOf(target: string): URL | undefined {
  if (!URL_START.test(target) && !ADDRESS.test(target)) return undefined;
  const url = URL.parse(URL_START.test(target) ? target : `http://${target}`);
  if (url === null) throw new UsageError(`URL ${target} is not valid: expected http://HOST:PORT`);
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('the URL must not have a user name or a password');
  }
  return url;
}
