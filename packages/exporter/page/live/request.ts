import { messageOf, retrySeconds } from './retry.ts';

/** Answer to a request, or the lack of one. */
export type Answer =
  | { readonly kind: 'text'; readonly text: string }
  /** The server asks to try again later. */
  | { readonly kind: 'busy'; readonly message: string; readonly retrySeconds: number }
  | { readonly kind: 'refused'; readonly message: string }
  /** No connection, or it broke. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'aborted' };

/** Fetches a text of the page's own server. Never rejects. */
export async function request(url: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, { signal, cache: 'no-store', credentials: 'same-origin' });
    const text = await response.text();
    if (response.ok) return { kind: 'text', text };
    const message = messageOf(text, response.status);
    if (response.status !== 429 && response.status !== 503) return { kind: 'refused', message };
    return { kind: 'busy', message, retrySeconds: retrySeconds(response.headers.get('Retry-After')) };
  } catch {
    return { kind: signal.aborted ? 'aborted' : 'unreachable' };
  }
}
