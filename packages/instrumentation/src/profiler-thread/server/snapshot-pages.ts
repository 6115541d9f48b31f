import { type HttpAnswer, HttpError, type HttpHandler, type HttpRequest } from '@heapray/exporter/http';
import type { SnapshotPlanData } from '@heapray/exporter/page';

/** A snapshot on disk. */
export interface SnapshotBytes {
  readonly bytes: number;
  read(from: number, length: number): Uint8Array;
  close(): void;
}

/** Takes heap snapshots; see `HeapSnapshots`. */
export interface SnapshotProvider {
  plan(): Promise<SnapshotPlanData>;
  take(confirm: string, signal: AbortSignal): Promise<SnapshotBytes>;
  piece(
    confirm: string,
    from: number,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array; readonly total: number }>;
}

/** Length of the pieces that a snapshot is sent in, in bytes. */
const PIECE_BYTES = 2 ** 20;
const COMMON = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};
const BYTES = 'application/octet-stream';

/**
 * Returns the page `/debug/heapsnapshot` by path. Without a query, it is the cost of a snapshot as JSON. With the value of
 * `confirm` from there, it is the snapshot itself. `from` asks for a piece of it.
 *
 * @param snapshots undefined where snapshots are not allowed
 */
export function snapshotPages(
  snapshots: SnapshotProvider | undefined,
  pid: number,
): ReadonlyMap<string, HttpHandler> {
  return new Map<string, HttpHandler>([
    ['/debug/heapsnapshot', (request) => answerTo(request, snapshots, pid)],
  ]);
}

async function answerTo(
  { method, query, signal }: HttpRequest,
  snapshots: SnapshotProvider | undefined,
  pid: number,
): Promise<HttpAnswer> {
  if (snapshots === undefined) {
    throw new HttpError(
      403,
      'heap snapshots are not allowed here; the option heapSnapshots (HEAPRAY_HEAP_SNAPSHOTS=true) allows them',
    );
  }
  const confirm = query.get('confirm');
  // HEAD needs no snapshot.
  if (method === 'HEAD')
    return { type: confirm === null ? JSON_TYPE : BYTES, body: undefined, headers: COMMON };
  if (confirm === null) return planAnswer(await snapshots.plan());
  const from = query.get('from');
  if (from !== null) {
    const { bytes, total } = await snapshots.piece(confirm, readFrom(from), signal);
    return { type: BYTES, body: bytes, headers: { ...COMMON, 'X-Heapray-Snapshot-Bytes': `${total}` } };
  }
  const file = await snapshots.take(confirm, signal);
  const headers = { ...COMMON, 'Content-Disposition': `attachment; filename="${pid}.heapsnapshot"` };
  return { type: BYTES, body: undefined, headers, stream: { bytes: file.bytes, pieces: piecesOf(file) } };
}

const JSON_TYPE = 'application/json; charset=utf-8';

function planAnswer(plan: SnapshotPlanData): HttpAnswer {
  return { type: JSON_TYPE, body: `${JSON.stringify(plan)}\n`, headers: COMMON };
}

function readFrom(text: string): number {
  const from = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (from >= 0) return from;
  throw new HttpError(400, 'from: expected the offset of a piece in bytes');
}

async function* piecesOf(file: SnapshotBytes): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < file.bytes; at += PIECE_BYTES) yield file.read(at, PIECE_BYTES);
  } finally {
    file.close();
  }
}
