import type { HttpAnswer, HttpRequest } from '@heapray/exporter/http';
import { bytesOf, type Gatherer } from './gather.js';

/** Longest time for a process to take a snapshot, in ms. */
const TAKING_MILLIS = 30 * 60_000;
const PIECE_MILLIS = 10_000;
const TOTAL = 'X-Heapray-Snapshot-Bytes';

/**
 * Answers a request for a heap snapshot of a process of the group. The snapshot of another process is asked for in pieces,
 * because a message has a limited length, and passed on as it comes.
 *
 * @param request request without `pid`
 * @returns undefined when the process is not in the group
 */
export async function snapshotAnswer(
  pid: number,
  request: HttpRequest,
  gatherer: Gatherer,
): Promise<HttpAnswer | undefined> {
  const isOwn = gatherer.processes[0]!.pid === pid;
  if (isOwn || !request.query.has('confirm')) return gatherer.one(pid, request, PIECE_MILLIS);
  const ask = (from: number, millis: number) => {
    const query = new URLSearchParams(request.query);
    query.set('from', `${from}`);
    return gatherer.one(pid, { ...request, query }, millis);
  };
  const first = await ask(0, TAKING_MILLIS);
  if (first === undefined || (first.status ?? 200) !== 200) return first;
  const { [TOTAL]: total, ...headers } = first.headers ?? {};
  return {
    type: first.type,
    body: undefined,
    headers: { ...headers, 'Content-Disposition': `attachment; filename="${pid}.heapsnapshot"` },
    stream: { bytes: Number(total), pieces: pieces(bytesOf(first), Number(total), ask) },
  };
}

async function* pieces(
  first: Uint8Array,
  total: number,
  ask: (from: number, millis: number) => Promise<HttpAnswer | undefined>,
): AsyncGenerator<Uint8Array> {
  yield first;
  for (let at = first.length; at < total; ) {
    const answer = await ask(at, PIECE_MILLIS);
    const piece =
      answer?.status === undefined || answer.status === 200 ? bytesOf(answer ?? EMPTY) : undefined;
    if (piece === undefined || piece.length === 0) throw new Error('the process has discarded its snapshot');
    yield piece;
    at += piece.length;
  }
}

const EMPTY: HttpAnswer = { type: '', body: undefined };
