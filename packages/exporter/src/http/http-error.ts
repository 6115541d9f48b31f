/** A refusal of a request: a status and a sentence for the person who reads it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** From 400 to 599. */
  readonly status: number;
  /** When asking again is worth it, in seconds; undefined when it never is. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
