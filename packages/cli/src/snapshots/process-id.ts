import { CommandError, UsageError } from '../errors.js';
import { profileUrl } from '../live/sources/http-source.js';
import { overviewUrl, readOverview } from '../live/sources/overview.js';
import { isUrl } from './is-process.js';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Returns the ID of the process that an argument names. Asks the debug server of a URL for it.
 *
 * @throws CommandError (rejects) if the server is on another machine, or does not answer; UsageError for an invalid URL
 */
export async function processIdOf(target: string): Promise<number> {
  if (!isUrl(target)) return Number(target);
  const url = URL.parse(target);
  if (url === null) throw new UsageError(`URL ${target} is not valid: expected http://HOST:PORT`);
  if (!LOOPBACK.test(url.hostname)) {
    throw new CommandError(
      `${target}: is on another machine, and its server takes no heap snapshots; run heapray retainers there, with the ID ` +
        'of the process, or set HEAPRAY_HEAP_SNAPSHOTS=true for it',
    );
  }
  const overview = await readOverview(
    overviewUrl(profileUrl(url, undefined)),
    undefined,
    new AbortController().signal,
  );
  if (overview?.pid === undefined) {
    throw new CommandError(
      `${target}: no debug server of heapray answers there; give the ID of the process instead`,
    );
  }
  return overview.pid;
}
