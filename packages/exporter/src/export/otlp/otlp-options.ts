import { assertHeader, EnvironmentReader } from '../environment.js';
import type { ExportLog } from '../export-log.js';
import { type HttpTarget, parseTarget, type TlsFiles, withPath } from '../http/http-target.js';

/**
 * Settings of an {@link OtlpProfileExporter}. Each precedes its environment variable. They can be posted to another
 * thread.
 */
export interface OtlpProfileExporterOptions extends TlsFiles {
  /**
   * Full URL. Default: that of the environment variables. Without them `http://localhost:4318/v1development/profiles`, and
   * `http://localhost:4317` for gRPC.
   */
  readonly url?: string | undefined;
  /** Headers in addition to those of the environment variables. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Time for one export with all its retries, in ms. Default 10,000. */
  readonly timeoutMillis?: number | undefined;
  /** Default gzip, which every receiver of OTLP accepts. */
  readonly compression?: 'gzip' | 'none' | undefined;
  /** Default `http/protobuf`. `grpc` needs the package `@grpc/grpc-js`. */
  readonly protocol?: OtlpProtocol | undefined;
  /** Maximum size of all exports that wait for the receiver, in bytes. Default 16 MiB. */
  readonly maxQueueBytes?: number | undefined;
}

export type OtlpProtocol = 'http/protobuf' | 'http/json' | 'grpc';

export interface OtlpSettings {
  readonly target: HttpTarget;
  readonly protocol: OtlpProtocol;
  readonly maxQueueBytes: number;
  /** Reason to send nothing. */
  readonly problem: string | undefined;
}

const PATH = 'v1development/profiles';
const DEFAULT_URL = `http://localhost:4318/${PATH}`;
const TIMEOUT_MILLIS = 10_000;
const QUEUE_BYTES = 16 * 2 ** 20;
const GRPC_URL = 'http://localhost:4317';
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
const COMPRESSIONS = ['gzip', 'none'] as const;

/**
 * Returns the settings of options and `OTEL_EXPORTER_OTLP_[PROFILES_]*`. Variables that are not valid cause a warning and
 * count as not set. After one for the endpoint or for headers, nothing is sent.
 *
 * @throws RangeError for an option that is not valid
 */
export function otlpSettings(
  options: OtlpProfileExporterOptions,
  env: Readonly<Record<string, string | undefined>>,
  log: ExportLog,
): OtlpSettings {
  const reader = new EnvironmentReader(env, log);
  const protocol = options.protocol ?? reader.choice(namesOf('PROTOCOL'), PROTOCOLS) ?? 'http/protobuf';
  const { url, headers: authorization } = endpoint(options.url, protocol, reader);
  for (const [name, value] of Object.entries(options.headers ?? {})) assertHeader(name, value);
  const { maxQueueBytes = QUEUE_BYTES } = options;
  assertPositive('maxQueueBytes', maxQueueBytes);
  if (options.timeoutMillis !== undefined) assertPositive('timeoutMillis', options.timeoutMillis);
  const file = (name: string) => reader.text(...namesOf(name));
  return {
    target: {
      url,
      headers: {
        ...authorization,
        ...reader.headers('OTEL_EXPORTER_OTLP_HEADERS'),
        ...reader.headers('OTEL_EXPORTER_OTLP_PROFILES_HEADERS'),
        ...options.headers,
      },
      timeoutMillis: options.timeoutMillis ?? reader.millis(namesOf('TIMEOUT')) ?? TIMEOUT_MILLIS,
      compression: options.compression ?? reader.choice(namesOf('COMPRESSION'), COMPRESSIONS) ?? 'gzip',
      tls: {
        certificateFile: options.certificateFile ?? file('CERTIFICATE'),
        clientKeyFile: options.clientKeyFile ?? file('CLIENT_KEY'),
        clientCertificateFile: options.clientCertificateFile ?? file('CLIENT_CERTIFICATE'),
      },
    },
    protocol,
    maxQueueBytes,
    problem: reader.problem,
  };
}

/** Returns the names of a variable, that of the signal first. */
function namesOf(name: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_PROFILES_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
}

type Endpoint = NonNullable<ReturnType<typeof parseTarget>>;

/**
 * Returns the URL to send to. For HTTP, the general endpoint gets the path of the signal; that of the signal is taken as it is.
 */
function endpoint(option: string | undefined, protocol: OtlpProtocol, reader: EnvironmentReader): Endpoint {
  if (option !== undefined) {
    const parsed = parseTarget(option);
    if (parsed !== undefined) return parsed;
    throw new RangeError('url: not valid: expected an http or https URL');
  }
  const expected = 'an http or https URL';
  const [ofSignal, general] = namesOf('ENDPOINT');
  const own = reader.destination(ofSignal!, expected, parseTarget);
  if (own !== undefined) return own;
  const base = reader.destination(general!, expected, parseTarget);
  if (protocol === 'grpc') return base ?? parseTarget(GRPC_URL)!;
  return base === undefined ? parseTarget(DEFAULT_URL)! : { ...base, url: withPath(base.url, PATH) };
}

function assertPositive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(`${name}: ${value} is not valid: expected a whole number from 1`);
}
