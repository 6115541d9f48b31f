import { assertHeader, EnvironmentReader } from '../environment.js';
import type { ExportLog } from '../export-log.js';
import { basicAuth, type HttpTarget, parseTarget, type TlsFiles, withPath } from '../http/http-target.js';

/**
 * Settings of a {@link PyroscopeProfileExporter}. Each precedes its environment variable. They can be posted to another
 * thread.
 */
export interface PyroscopeProfileExporterOptions extends TlsFiles {
  /** URL of the server. Default: `PYROSCOPE_SERVER_ADDRESS`, or `http://localhost:4040`. */
  readonly serverAddress?: string | undefined;
  /** The label `service_name`. Default: `PYROSCOPE_APPLICATION_NAME`, or `service.name` of the resource. */
  readonly appName?: string | undefined;
  /** Labels of all profiles. Default: `PYROSCOPE_LABELS`. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Token for the header `Authorization: Bearer`. Default: `PYROSCOPE_AUTH_TOKEN`. */
  readonly authToken?: string | undefined;
  /** Default: `PYROSCOPE_BASIC_AUTH_USER`. Without effect if there is a token. */
  readonly basicAuthUser?: string | undefined;
  /** Default: `PYROSCOPE_BASIC_AUTH_PASSWORD`. */
  readonly basicAuthPassword?: string | undefined;
  /** Value of the header `X-Scope-OrgID`. Default: `PYROSCOPE_TENANT_ID`. */
  readonly tenantId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Time for one push with all its retries, in ms. Default 10,000. */
  readonly timeoutMillis?: number | undefined;
}

export interface PyroscopeSettings {
  readonly target: HttpTarget;
  readonly appName: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Reason to send nothing. */
  readonly problem: string | undefined;
}

const PATH = 'push.v1.PusherService/Push';
const DEFAULT_ADDRESS = 'http://localhost:4040';
const TIMEOUT_MILLIS = 10_000;

/**
 * Returns the settings of options and the variables that Pyroscope's own clients have. Variables that are not valid cause a
 * warning and count as not set. After one for the server, a token or the tenant, nothing is sent.
 *
 * @throws RangeError for an option that is not valid
 */
export function pyroscopeSettings(
  options: PyroscopeProfileExporterOptions,
  env: Readonly<Record<string, string | undefined>>,
  log: ExportLog,
): PyroscopeSettings {
  const reader = new EnvironmentReader(env, log);
  const { url, headers } = serverOf(options.serverAddress, reader);
  const { timeoutMillis = TIMEOUT_MILLIS } = options;
  if (!Number.isSafeInteger(timeoutMillis) || timeoutMillis < 1) {
    throw new RangeError(`timeoutMillis: ${timeoutMillis} is not valid: expected a whole number from 1`);
  }
  const all = {
    ...headers,
    ...authorization(options, reader),
    ...tenant(options, reader),
    ...options.headers,
  };
  for (const [name, value] of Object.entries(all)) assertHeader(name, value);
  const { certificateFile, clientKeyFile, clientCertificateFile } = options;
  return {
    target: {
      url: withPath(url, PATH),
      headers: { 'Connect-Protocol-Version': '1', ...all },
      timeoutMillis,
      compression: 'gzip',
      tls: { certificateFile, clientKeyFile, clientCertificateFile },
    },
    appName: options.appName ?? reader.text('PYROSCOPE_APPLICATION_NAME'),
    tags: options.tags ?? tagsIn(reader),
    problem: reader.problem,
  };
}

function serverOf(
  option: string | undefined,
  reader: EnvironmentReader,
): NonNullable<ReturnType<typeof parseTarget>> {
  const expected = 'an http or https URL';
  if (option === undefined) {
    const found = reader.destination('PYROSCOPE_SERVER_ADDRESS', expected, parseTarget);
    return found ?? parseTarget(DEFAULT_ADDRESS)!;
  }
  const parsed = parseTarget(option);
  if (parsed === undefined) throw new RangeError(`serverAddress: not valid: expected ${expected}`);
  return parsed;
}

function authorization(
  options: PyroscopeProfileExporterOptions,
  reader: EnvironmentReader,
): Readonly<Record<string, string>> {
  const token = options.authToken ?? secret('PYROSCOPE_AUTH_TOKEN', reader);
  if (token !== undefined) return { Authorization: `Bearer ${token}` };
  const user = options.basicAuthUser ?? reader.text('PYROSCOPE_BASIC_AUTH_USER');
  if (user === undefined) return {};
  const password = options.basicAuthPassword ?? reader.text('PYROSCOPE_BASIC_AUTH_PASSWORD') ?? '';
  return { Authorization: basicAuth(user, password) };
}

function tenant(
  options: PyroscopeProfileExporterOptions,
  reader: EnvironmentReader,
): Readonly<Record<string, string>> {
  const id = options.tenantId ?? secret('PYROSCOPE_TENANT_ID', reader);
  return id === undefined ? {} : { 'X-Scope-OrgID': id };
}

/** Returns a variable whose value goes into a header. */
function secret(name: string, reader: EnvironmentReader): string | undefined {
  const isAllowed = (value: string) => (/^[\x20-\x7e]+$/.test(value) ? value : undefined);
  return reader.destination(name, 'printable ASCII', isAllowed);
}

/** Returns labels written as `name=value,name=value`, or with colons, as Pyroscope's clients for Java and .NET have them. */
function tagsIn(reader: EnvironmentReader): Readonly<Record<string, string>> {
  const text = reader.text('PYROSCOPE_LABELS') ?? '';
  const tags: Record<string, string> = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, name, value] = /^([^=:]+)[=:](.*)$/s.exec(part.trim()) ?? [];
    if (name === undefined || value === undefined) {
      reader.warn(`PYROSCOPE_LABELS: ${JSON.stringify(part)} is not valid: expected name=value; ignoring it`);
    } else tags[name.trim()] = value.trim();
  }
  return tags;
}
