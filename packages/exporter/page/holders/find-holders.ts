import type { SnapshotPlanData } from '../../src/page/snapshot-plan.ts';
import { request } from '../live/request.ts';
import type { FromWorker, HeldWords, ToWorker } from './messages.ts';

/** URLs of what finds holders. */
export interface HolderUrls {
  /** Page of the server that takes heap snapshots of the process. */
  readonly snapshot: string;
  /** Script of the worker. */
  readonly worker: string;
}

/** State of the search for holders. */
export type HolderState =
  | { readonly kind: 'idle' }
  /** Waits for the cost. */
  | { readonly kind: 'asking' }
  /** Waits for consent. */
  | { readonly kind: 'confirming'; readonly plan: SnapshotPlanData }
  /** The process stands still. */
  | { readonly kind: 'taking'; readonly pid: number; readonly sinceMillis: number }
  | { readonly kind: 'reading'; readonly bytes: number; readonly total: number }
  | { readonly kind: 'computing' }
  | { readonly kind: 'answered'; readonly classes: readonly HeldWords[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Has a heap snapshot taken after consent to its cost, and read by a worker of the browser. */
export class HolderFinder {
  readonly #urls: HolderUrls;
  readonly #changed: (state: HolderState) => void;
  #abort = new AbortController();
  #worker: Worker | undefined;

  constructor(urls: HolderUrls, changed: (state: HolderState) => void) {
    this.#urls = urls;
    this.#changed = changed;
  }

  /** Asks the server what a snapshot costs. */
  async ask(): Promise<void> {
    this.cancel();
    const { signal } = this.#abort;
    this.#changed({ kind: 'asking' });
    const answer = await request(this.#urls.snapshot, signal);
    if (signal.aborted || answer.kind === 'aborted') return;
    if (answer.kind === 'unreachable') return this.#fail('the server does not answer');
    if (answer.kind !== 'text') return this.#fail(answer.message);
    const plan = readPlan(answer.text);
    if (plan === undefined) return this.#fail('the answer of the server cannot be read');
    this.#changed({ kind: 'confirming', plan });
  }

  /** Takes the snapshot of a plan. */
  take({ pid, confirm }: SnapshotPlanData): void {
    this.cancel();
    const url = new URL(this.#urls.snapshot);
    url.searchParams.set('confirm', confirm);
    this.#changed({ kind: 'taking', pid, sinceMillis: Date.now() });
    const worker = new Worker(this.#urls.worker);
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (this.#worker !== worker) return;
      if (data.kind === 'answer') this.#end({ kind: 'answered', classes: data.classes });
      else if (data.kind === 'failed') this.#fail(data.message);
      else this.#changed(data);
    });
    worker.addEventListener('error', () => {
      if (this.#worker === worker) this.#fail('the browser cannot read it, perhaps for lack of memory');
    });
    worker.postMessage({ url: url.href } satisfies ToWorker);
  }

  /** Ends what is under way. */
  cancel(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #fail(message: string): void {
    this.#end({ kind: 'failed', message });
  }

  #end(state: HolderState): void {
    this.cancel();
    this.#changed(state);
  }
}

/** Reads the cost of a snapshot; undefined if it is damaged, or of another version. */
export function readPlan(json: string): SnapshotPlanData | undefined {
  try {
    const plan = JSON.parse(json) as Partial<SnapshotPlanData> | null;
    const isKnown = plan?.format === 'heapray-snapshot-plan' && plan.version === 1;
    const isWhole = typeof plan?.message === 'string' && typeof plan.confirm === 'string';
    return isKnown && isWhole ? (plan as SnapshotPlanData) : undefined;
  } catch {
    return undefined;
  }
}
