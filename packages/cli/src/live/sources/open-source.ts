import { UsageError } from '../../errors.js';
import type { LiveSource } from '../live-state.js';
import { FileSource } from './file-source.js';
import { HttpSource } from './http-source.js';
import { PortSource } from './port-source.js';
import { ProcessSource } from './process-source.js';

export interface SourceOptions {
  /** Time between polls in ms; undefined for the default of the source. */
  readonly intervalMillis: number | undefined;
  readonly component: string | undefined;
  readonly isWaiting: boolean;
}

/** Default time between polls of data that is here anyway. */
const LOCAL_MILLIS = 1_000;
/** Default time between requests, and between readings of a process. Each costs the program one poll of its heap. */
const HTTP_MILLIS = 5_000;
const NUMBER = /^\d{1,7}$/;
const MAX_PORT = 65_535;
const URL_START = /^https?:\/\//i;
/** `HOST:PORT`, as the log of a debug server has it. */
const ADDRESS = /^(?:[\w.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/i;

/**
 * Returns the source that an argument names: a port of this machine, a URL or `HOST:PORT`, or else a file. A number that
 * is too large for a port names a process, as a `target` that is a number does.
 *
 * @throws UsageError for an invalid port or URL, or an option that the source does not have
 */
export function openSource(target: string | number, options: SourceOptions): LiveSource {
  const { intervalMillis, component, isWaiting } = options;
  const common = { component, isWaiting };
  const httpIntervalMillis = intervalMillis ?? HTTP_MILLIS;
  if (typeof target === 'number' || (NUMBER.test(target) && Number(target) > MAX_PORT)) {
    return processSource(Number(target), options, httpIntervalMillis);
  }
  if (NUMBER.test(target)) {
    return new PortSource(portNumber(target), {
      ...common,
      httpIntervalMillis,
      intervalMillis: intervalMillis ?? LOCAL_MILLIS,
    });
  }
  const url = serverUrl(target);
  if (url !== undefined) return new HttpSource(url, { ...common, intervalMillis: httpIntervalMillis });
  if (component !== undefined) throw new UsageError('--component is for the URL of heapray watch');
  return new FileSource(target, { isWaiting, intervalMillis: intervalMillis ?? LOCAL_MILLIS });
}

function processSource(
  pid: number,
  { component, isWaiting }: SourceOptions,
  intervalMillis: number,
): LiveSource {
  if (component !== undefined) throw new UsageError('--component is for the URL of heapray watch');
  if (isWaiting) throw new UsageError('--wait is not for a process, which has another ID when it runs again');
  return new ProcessSource(pid, intervalMillis);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (port > 0 && port <= MAX_PORT) return port;
  throw new UsageError(`port ${text} is not valid: expected a port from 1 to ${MAX_PORT}`);
}

/** Returns the address of a server: a URL or `HOST:PORT`. Undefined for others. Throws UsageError for an invalid one. */
export function serverUrl(target: string): URL | undefined {
  if (!URL_START.test(target) && !ADDRESS.test(target)) return undefined;
  const url = URL.parse(URL_START.test(target) ? target : `http://${target}`);
  if (url === null) throw new UsageError(`URL ${target} is not valid: expected http://HOST:PORT`);
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('the URL must not have a user name or a password');
  }
  return url;
}
