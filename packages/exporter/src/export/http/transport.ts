import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type HttpTarget, readTlsFiles, type TlsContents } from './http-target.js';

/** Answer of a receiver. */
export interface HttpAnswer {
  readonly status: number;
  /** With lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** At most {@link MAX_ANSWER_BYTES}; the rest is dropped. */
  readonly body: Uint8Array;
}

/**
 * Makes one POST request. Rejects if the answer is not complete, or with the reason of the signal when it is aborted.
 */
export type Transport = (
  target: HttpTarget,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
) => Promise<HttpAnswer>;

/** Limit for the part of an answer that is kept. Longer bodies end the connection, because answers are short. */
export const MAX_ANSWER_BYTES: number = 64 * 1024;

/** Sends over a connection of its own: those kept open between exports, a minute apart, are closed by many servers. */
export const sendOverHttp: Transport = async (target, headers, body, signal) => {
  const tls: TlsContents = target.url.protocol === 'https:' ? await readTlsFiles(target.tls ?? {}) : {};
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const options: RequestOptions & TlsContents = {
    method: 'POST',
    headers: { ...headers, 'Content-Length': `${body.length}`, Connection: 'close' },
    agent: false,
    ...tls,
  };
  const make = target.url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = make(target.url, options, (response) => readAnswer(response, resolve, reject));
  const abort = () => request.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  request.once('error', reject);
  request.end(body);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    request.on('error', () => {});
    request.destroy();
  }
};

function readAnswer(
  response: IncomingMessage,
  resolve: (answer: HttpAnswer) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = () => {
    const body = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES);
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, `${value}`]),
    );
    resolve({ status: response.statusCode ?? 0, headers, body });
  };
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) finish();
  });
  response.once('end', finish);
  response.on('error', reject);
  response.once('close', () => reject(new Error('the connection was reset before the end of the answer')));
}
