import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import type { SnapshotPlanData } from '@heapray/exporter/page';
import { CommandError, messageOf, UsageError } from '../errors.js';
import { note } from '../io/note.js';
import { profileUrl } from '../live/sources/http-source.js';
import { tokenHeaders } from '../live/sources/token-headers.js';
import {
  assertConfirmable,
  confirmCost,
  SnapshotOutput,
  type TakenSnapshot,
  type TakeOptions,
} from './snapshot-output.js';

const PATH = '/debug/heapsnapshot';
const PLAN_MILLIS = 10_000;
/** Largest answer other than a snapshot. */
const MAX_TEXT_BYTES = 64 * 1024;
/** Statuses of a server that takes no snapshots: the option is off, or the version is older. */
const NOT_OFFERED: ReadonlySet<number | undefined> = new Set([403, 404]);

/** A server that takes heap snapshots of its process. */
export interface SnapshotServer {
  readonly plan: SnapshotPlanData;
  /**
   * Takes a snapshot, after a question.
   *
   * @throws CommandError (rejects) if the answer is no, the server refuses, or the file cannot be written
   */
  take(options: TakeOptions): Promise<TakenSnapshot>;
}

/**
 * Asks the debug server at a URL for the cost of a heap snapshot. Resolves to undefined if it takes none.
 *
 * @throws CommandError (rejects) if the server is missing or refuses; UsageError for an invalid URL
 */
export async function findSnapshotServer(target: string): Promise<SnapshotServer | undefined> {
  const url = snapshotUrl(target);
  const response = await request(url, PLAN_MILLIS);
  if (NOT_OFFERED.has(response.statusCode)) {
    response.destroy();
    return undefined;
  }
  const text = await textOf(url, response);
  if (response.statusCode !== 200) throw refused(url, response, text);
  const plan = planIn(text);
  if (plan === undefined) throw new CommandError(`${url.origin}: its answer is not the cost of a snapshot`);
  return {
    plan,
    async take(options) {
      assertConfirmable(`process ${plan.pid}`, options);
      await confirmCost(plan.message, plan.fileBytes[1], options);
      return download(url, plan, options);
    },
  };
}

async function download(url: URL, plan: SnapshotPlanData, options: TakeOptions): Promise<TakenSnapshot> {
  const confirmed = new URL(url);
  confirmed.searchParams.set('confirm', plan.confirm);
  const output = new SnapshotOutput(options);
  const started = performance.now();
  try {
    const response = await request(confirmed);
    if (response.statusCode !== 200) throw refused(url, response, await textOf(url, response));
    try {
      for await (const bytes of response) output.write(bytes as Uint8Array);
    } catch (cause) {
      throw new CommandError(`${url.origin}: the snapshot is cut off: ${messageOf(cause)}`, { cause });
    }
    const taken = output.finish();
    const seconds = (performance.now() - started) / 1000;
    note(`got a heap snapshot of process ${plan.pid} in ${seconds.toFixed(1)} s`);
    return taken;
  } catch (error) {
    output.discard();
    throw error;
  }
}

/** Returns the URL of a server's snapshots. The process of a group is chosen by `?pid=`. */
function snapshotUrl(target: string): URL {
  const address = URL.parse(target);
  if (address === null) throw new UsageError(`URL ${target} is not valid: expected http://HOST:PORT`);
  const url = profileUrl(address, undefined);
  url.pathname = url.pathname.replace(/\/debug\/pprof\/heap$/, PATH);
  const pid = url.searchParams.get('pid');
  url.search = pid === null ? '' : `?pid=${encodeURIComponent(pid)}`;
  return url;
}

/**
 * Sends a request.
 *
 * @param timeout time limit for the answer in ms; undefined for none, as a large heap takes minutes
 */
function request(url: URL, timeout?: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? getSecurely : get;
    const sent = send(url, { headers: tokenHeaders(), agent: false, ...(timeout && { timeout }) }, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${(timeout ?? 0) / 1000} s`)));
    sent.on('error', (cause) => {
      const why = messageOf(cause);
      const text = `no debug server of heapray answers there (${why}); give the ID of the process instead`;
      reject(new CommandError(`${url.origin}: ${text}`, { cause }));
    });
  });
}

async function textOf(url: URL, response: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response) {
      bytes += (part as Uint8Array).length;
      if (bytes > MAX_TEXT_BYTES) throw new Error('it is too long');
      parts.push(part as Uint8Array);
    }
  } catch (cause) {
    throw new CommandError(`${url.origin}: the answer cannot be read: ${messageOf(cause)}`, { cause });
  }
  return Buffer.concat(parts).toString('utf8');
}

function refused(url: URL, { statusCode, headers }: IncomingMessage, text: string): CommandError {
  const [reason = ''] = text.split('\n', 1);
  const later = headers['retry-after'];
  const again = later === undefined ? '' : `; try again in ${later} s`;
  return new CommandError(`${url.origin}: HTTP ${statusCode}: ${reason.slice(0, 300)}${again}`);
}

function planIn(text: string): SnapshotPlanData | undefined {
  try {
    const plan = JSON.parse(text) as Partial<SnapshotPlanData> | null;
    const isKnown = plan?.format === 'heapray-snapshot-plan' && plan.version === 1;
    const isWhole =
      typeof plan?.message === 'string' &&
      typeof plan.confirm === 'string' &&
      typeof plan.fileBytes?.[1] === 'number';
    return isKnown && isWhole ? (plan as SnapshotPlanData) : undefined;
  } catch {
    return undefined;
  }
}
