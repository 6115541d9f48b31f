// Entry point of the worker: takes a heap snapshot from the server, and reads it in the browser.
import {
  classFigures,
  findHolders,
  HeapSnapshotReader,
  type HeldClass,
  holderSentence,
} from '../../src/heap-snapshot/index.ts';
import { byteText } from '../basics/text.ts';
import { messageOf } from '../live/retry.ts';
import type { FromWorker, HeldWords, ToWorker } from './messages.ts';

/** Number of classes to explain. */
const TOP = 5;
/** Bytes between two messages about progress. */
const PROGRESS_BYTES = 2 ** 21;

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  explain(data.url).catch((error: unknown) => {
    send({ kind: 'failed', message: error instanceof Error ? error.message : 'the snapshot cannot be read' });
  });
});

async function explain(url: string): Promise<void> {
  const response = await fetch(url, { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok || response.body === null) {
    return send({ kind: 'failed', message: messageOf(await response.text(), response.status) });
  }
  const total = Number(response.headers.get('Content-Length') ?? 0);
  const reader = new HeapSnapshotReader();
  const source = response.body.getReader();
  let bytes = 0;
  let sent = Number.NEGATIVE_INFINITY;
  for (let next = await source.read(); !next.done; next = await source.read()) {
    reader.push(next.value);
    bytes += next.value.length;
    if (bytes - sent < PROGRESS_BYTES) continue;
    sent = bytes;
    send({ kind: 'reading', bytes, total });
  }
  send({ kind: 'computing' });
  const { classes } = findHolders(reader.end(), { top: TOP });
  send({ kind: 'answer', classes: classes.map(wordsOf) });
}

function wordsOf(held: HeldClass): HeldWords {
  const [first, ...others] = held.holders;
  return {
    sentences: [first, ...others].map((holder) => holderSentence(held, holder, byteText)),
    figures: classFigures(held, byteText),
  };
}

function send(message: FromWorker): void {
  postMessage(message);
}
