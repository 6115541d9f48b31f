import { type HttpTarget, readTlsFiles, type TlsContents } from '../http/http-target.js';
import type { HttpAnswer, Transport } from '../http/transport.js';

/** The used part of `@grpc/grpc-js`, an optional peer dependency. */
interface Grpc {
  readonly Client: new (address: string, credentials: unknown, options: object) => GrpcClient;
  readonly Metadata: new () => { set(name: string, value: string): void };
  readonly credentials: {
    createInsecure(): unknown;
    createSsl(ca?: Buffer, key?: Buffer, cert?: Buffer): unknown;
  };
}

interface GrpcClient {
  makeUnaryRequest(
    method: string,
    serialize: (bytes: Buffer) => Buffer,
    deserialize: (bytes: Buffer) => Buffer,
    request: Buffer,
    metadata: unknown,
    done: (error: GrpcError | null, answer?: Buffer) => void,
  ): { cancel(): void };
  close(): void;
}

interface GrpcError extends Error {
  readonly code: number;
  readonly details: string;
}

const METHOD = '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export';
const GZIP = 2;
/** Codes after which OTLP lets a sender try again: cancelled, deadline exceeded, aborted, out of range, unavailable, data loss. */
const RETRYABLE: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);

/**
 * Sends by gRPC. Its statuses become those of HTTP: 503 where another attempt may succeed, 400 otherwise. The headers of HTTP
 * itself are not sent.
 */
export const sendOverGrpc: Transport = async (target, _, body, signal) => {
  const grpc = await loadGrpc();
  if (grpc === undefined) return refused('the package @grpc/grpc-js is not installed');
  const isSecure = target.url.protocol === 'https:';
  const tls = isSecure ? await readTlsFiles(target.tls ?? {}) : undefined;
  signal.throwIfAborted();
  const client = new grpc.Client(target.url.host, credentialsOf(grpc, tls), {
    'grpc.default_compression_algorithm': target.compression === 'gzip' ? GZIP : 0,
  });
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const same = (bytes: Buffer) => bytes;
  const request = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const call = client.makeUnaryRequest(
    METHOD,
    same,
    same,
    request,
    metadataOf(grpc, target),
    (error, answer) => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(error === null ? accepted(answer!) : failed(error));
    },
  );
  const abort = () => {
    reject(signal.reason as Error);
    call.cancel();
  };
  signal.addEventListener('abort', abort);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    client.close();
  }
};

async function loadGrpc(): Promise<Grpc | undefined> {
  // Bundlers do not see this name, so that they do not fail without the package.
  const name = '@grpc/grpc-js';
  try {
    return (await import(name)) as Grpc;
  } catch {
    return undefined;
  }
}

function credentialsOf(grpc: Grpc, tls: TlsContents | undefined): unknown {
  if (tls === undefined) return grpc.credentials.createInsecure();
  return grpc.credentials.createSsl(tls.ca, tls.key, tls.cert);
}

function metadataOf(grpc: Grpc, { headers }: HttpTarget): unknown {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name.toLowerCase(), value);
  return metadata;
}

function accepted(body: Buffer): HttpAnswer {
  return { status: 200, headers: { 'content-type': 'application/x-protobuf' }, body };
}

function failed({ code, details }: GrpcError): HttpAnswer {
  const text = `gRPC status ${code}: ${details}`;
  return RETRYABLE.has(code) ? { ...refused(text), status: 503 } : refused(text);
}

function refused(text: string): HttpAnswer {
  return { status: 400, headers: { 'content-type': 'text/plain' }, body: Buffer.from(text) };
}
