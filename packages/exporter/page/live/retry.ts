/** Used when the server does not say when to try again. */
const USUAL_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 120;
const MAX_MESSAGE = 500;
const MAX_BACK_OFF_SECONDS = 30;

/** Returns the seconds of a `Retry-After` header, from 1 to 120. */
export function retrySeconds(header: string | null): number {
  const seconds = /^\d+$/.test(header ?? '') ? Number(header) : USUAL_RETRY_SECONDS;
  return Math.min(Math.max(1, seconds), MAX_RETRY_SECONDS);
}

/** Returns the seconds to wait after `failures` requests without an answer. */
export function backOffSeconds(failures: number): number {
  return Math.min(2 ** Math.max(0, failures - 1), MAX_BACK_OFF_SECONDS);
}

/** Returns the server's first line, or the status if there is none. */
export function messageOf(text: string, status: number): string {
  const [line = ''] = text.trim().split('\n');
  const isPlain = line !== '' && !line.startsWith('<');
  return isPlain ? line.slice(0, MAX_MESSAGE) : `the server answers with status ${status}`;
}
