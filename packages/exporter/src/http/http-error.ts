/** A rejected request: a status and a sentence for the reader. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** From 400 to 599. */
  readonly status: number;
  /** Time after which a retry may succeed, in seconds; undefined when it never will. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
