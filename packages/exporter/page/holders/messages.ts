/** Description of who holds a class's objects. */
export interface HeldWords {
  /** One sentence for each holder, the largest first. */
  readonly sentences: readonly string[];
  /** Figures of the class. */
  readonly figures: string;
}

/** Request to the worker: the URL that takes a snapshot. */
export interface ToWorker {
  readonly url: string;
}

/** Message of the worker to the page. */
export type FromWorker =
  /** Part of the snapshot that has arrived; `total` is 0 when unknown. */
  | { readonly kind: 'reading'; readonly bytes: number; readonly total: number }
  /** All of it has arrived. */
  | { readonly kind: 'computing' }
  | { readonly kind: 'answer'; readonly classes: readonly HeldWords[] }
  | { readonly kind: 'failed'; readonly message: string };
