import { get, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { PATIENCE_MILLIS } from './patience.js';

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body as received, undecoded. */
  bytes: Buffer;
  /** The body as UTF-8 text. */
  body: string;
}

export interface HttpGetOptions {
  headers?: Record<string, string>;
  timeoutMillis?: number;
}

/** Makes one GET over a connection of its own, so that an idle connection does not keep a server from closing. */
export async function httpGet(url: string, options: HttpGetOptions = {}): Promise<HttpAnswer> {
  const { headers = {}, timeoutMillis = PATIENCE_MILLIS } = options;
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers, signal: AbortSignal.timeout(timeoutMillis) });
    request.once('error', reject);
    request.once('response', (response) => {
      const { statusCode: status = 0, headers } = response;
      buffer(response).then((bytes) => resolve({ status, headers, bytes, body: bytes.toString() }), reject);
    });
  });
}
