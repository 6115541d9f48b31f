import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Paths of PEM files for TLS. */
export interface TlsFiles {
  /** Certificates of authorities to trust, instead of the usual ones. */
  readonly certificateFile?: string | undefined;
  readonly clientKeyFile?: string | undefined;
  readonly clientCertificateFile?: string | undefined;
}

/** Where and how to send. */
export interface HttpTarget {
  /** http or https, without user and password. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Time for one body with all its retries, in ms. */
  readonly timeoutMillis: number;
  readonly compression: 'gzip' | 'none';
  readonly tls?: TlsFiles | undefined;
}

/** Contents of the files, as `node:tls` takes them. */
export interface TlsContents {
  readonly ca?: Buffer;
  readonly key?: Buffer;
  readonly cert?: Buffer;
}

const MAX_FILE_BYTES = 2 ** 20;

/** Returns a URL for messages: without user, password, query and fragment. */
export function urlText(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/**
 * Returns an http or https URL, with its user and password as header for basic authentication. Undefined for other text.
 */
export function parseTarget(
  text: string,
): { readonly url: URL; readonly headers: Readonly<Record<string, string>> } | undefined {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.host === '')
    return undefined;
  const { username, password } = url;
  if (username === '' && password === '') return { url, headers: {} };
  url.username = '';
  url.password = '';
  return { url, headers: { Authorization: basicAuth(decoded(username), decoded(password)) } };
}

/** Returns a URL with a path appended to its own, as OTLP does with general endpoints. Keeps the query. */
export function withPath(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}

/** Returns the value of the header `Authorization` for basic authentication. */
export function basicAuth(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

/**
 * Reads the files again for each connection, so that certificates can be renewed.
 *
 * @throws Error (rejects) naming the file that cannot be read
 */
export async function readTlsFiles(files: TlsFiles): Promise<TlsContents> {
  const { certificateFile, clientKeyFile, clientCertificateFile } = files;
  return {
    ...(certificateFile !== undefined && { ca: await readPem(certificateFile) }),
    ...(clientKeyFile !== undefined && { key: await readPem(clientKeyFile) }),
    ...(clientCertificateFile !== undefined && { cert: await readPem(clientCertificateFile) }),
  };
}

async function readPem(file: string): Promise<Buffer> {
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error('not a regular file');
      const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      if (bytesRead > MAX_FILE_BYTES) throw new Error(`larger than ${MAX_FILE_BYTES} bytes`);
      return Buffer.from(bytes.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot read the TLS file ${file}: ${reason}`, { cause });
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
