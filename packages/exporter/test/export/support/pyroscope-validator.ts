// Checks a push as Pyroscope's server does with default limits. The server itself cannot be installed here.
import { gunzipSync } from 'node:zlib';
import { type Fields, fieldsOf, integer, integers, messages, pieces } from './proto-fields.js';
import type { Received } from './receiver.js';

const PATH = '/push.v1.PusherService/Push';
const MAX_LABELS = 30;
const MAX_NAME_BYTES = 1024;
const MAX_VALUE_BYTES = 2048;
const MAX_PROFILE_BYTES = 4 * 2 ** 20;
const MAX_SAMPLES = 16_000;
const MAX_SAMPLE_LABELS = 100;
const MAX_DEPTH = 1000;
const HOUR = 3_600_000;
const TEN_MINUTES = 600_000;
const BURST_BYTES = 2_000_000;
const BYTES_PER_SECOND = 4_000_000;

export interface PushedSample {
  /** Names of functions, leaf first. */
  readonly stack: readonly string[];
  readonly labels: Readonly<Record<string, string | number>>;
  readonly values: readonly number[];
}

export interface PushedProfile {
  readonly series: Readonly<Record<string, string>>;
  /** `type/unit` of each value. */
  readonly types: readonly string[];
  readonly period: string;
  readonly durationNanos: bigint;
  readonly samples: readonly PushedSample[];
  readonly bytes: number;
}

/** Takes pushes. Throws an Error that names the rule that a push breaks. */
export class PyroscopeValidator {
  readonly #now: () => number;
  readonly #steady: () => number;
  #tokens = BURST_BYTES;
  #at: number;

  constructor(clock: { now(): number; steady(): number }) {
    this.#now = () => clock.now();
    this.#steady = () => clock.steady();
    this.#at = clock.steady();
  }

  push({ method, path, headers, body }: Received): readonly PushedProfile[] {
    check(method === 'POST' && path === PATH, `POST ${PATH}`);
    check(headers['content-type'] === 'application/json', 'content type');
    check(['gzip', undefined].includes(headers['content-encoding']), 'content encoding');
    const { series } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as Push;
    const profiles = series.flatMap(({ labels, samples }) => {
      const names = checkLabels(labels);
      return samples.map(({ ID, rawProfile }) => {
        check(
          /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(ID),
          'ID is a UUID',
        );
        return checkProfile(gunzipSync(Buffer.from(rawProfile, 'base64')), names, this.#now());
      });
    });
    this.#limitRate(profiles.reduce((sum, { bytes }) => sum + bytes, 0));
    return profiles;
  }

  #limitRate(bytes: number): void {
    const passed = this.#steady() - this.#at;
    this.#at += passed;
    this.#tokens = Math.min(BURST_BYTES, this.#tokens + (passed / 1000) * BYTES_PER_SECOND);
    check(bytes <= this.#tokens, `rate limit: ${bytes} bytes, ${this.#tokens} left`);
    this.#tokens -= bytes;
  }
}

interface Push {
  readonly series: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly samples: readonly { readonly ID: string; readonly rawProfile: string }[];
  }[];
}

function checkLabels(labels: Push['series'][number]['labels']): Readonly<Record<string, string>> {
  const record = Object.fromEntries(labels.map(({ name, value }) => [name, value]));
  check(Object.keys(record).length === labels.length, 'label names are unique');
  check(labels.length <= MAX_LABELS, `at most ${MAX_LABELS} labels`);
  check(record.__name__ === 'memory', '__name__ is memory');
  check(Boolean(record.service_name), 'service_name');
  for (const { name, value } of labels) {
    check(/^[A-Za-z_][A-Za-z0-9_]*$/.test(name), `label name ${name}`);
    check(Buffer.byteLength(name) <= MAX_NAME_BYTES, 'length of a label name');
    check(value !== '' && Buffer.byteLength(value) <= MAX_VALUE_BYTES, 'length of a label value');
    check(value.isWellFormed(), 'label values are UTF-8');
  }
  return record;
}

function checkProfile(bytes: Uint8Array, series: PushedProfile['series'], now: number): PushedProfile {
  check(bytes.length <= MAX_PROFILE_BYTES, `at most ${MAX_PROFILE_BYTES} bytes`);
  const profile = fieldsOf(bytes);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const strings = pieces(profile, 6).map((piece) => decoder.decode(piece));
  check(strings[0] === '', 'string_table[0] is empty');
  const text = (index: bigint) => {
    const found = strings[Number(index)];
    check(found !== undefined, `string ${index}`);
    return found!;
  };
  const valueType = (fields: Fields) => `${text(integer(fields, 1))}/${text(integer(fields, 2))}`;
  const types = messages(profile, 1).map(valueType);
  check(types.length > 0, 'sample types');
  for (const type of types) check(!type.includes('-'), `no - in sample type ${type}`);
  check(new Set(types).size === types.length, 'sample types are unique');
  const millis = Number(integer(profile, 9) / 1_000_000n);
  check(millis >= now - HOUR && millis <= now + TEN_MINUTES, `time ${new Date(millis).toISOString()}`);

  const mappings = byId(profile, 3, 'mapping');
  const functions = byId(profile, 5, 'function');
  const locations = byId(profile, 4, 'location');
  const nameAt = new Map(
    [...locations].map(([id, location]) => {
      const mapping = integer(location, 2);
      check(mapping === 0n || mappings.has(mapping), `mapping ${mapping}`);
      const names = messages(location, 4).map((line) => {
        const fn = functions.get(integer(line, 1));
        check(fn !== undefined, 'function of a line');
        return text(integer(fn!, 2));
      });
      return [id, names] as const;
    }),
  );
  const samples = messages(profile, 2).map((sample): PushedSample => {
    const ids = integers(sample, 1);
    check(ids.length <= MAX_DEPTH, `depth ${ids.length}`);
    const values = integers(sample, 2).map(Number);
    check(values.length === types.length, 'one value per type');
    for (const value of values) check(value >= 0 && Number.isSafeInteger(value), `value ${value}`);
    const labels = messages(sample, 3);
    check(labels.length <= MAX_SAMPLE_LABELS, `${labels.length} labels of a sample`);
    const stack = ids.flatMap((id) => {
      const names = nameAt.get(id);
      check(names !== undefined, `location ${id}`);
      return names!;
    });
    const entries = labels.map((label) => {
      const [str, num] = [integer(label, 2), integer(label, 3)];
      return [text(integer(label, 1)), str === 0n ? Number(num) : text(str)];
    });
    return { stack, labels: Object.fromEntries(entries), values };
  });
  check(samples.length > 0, 'samples');
  check(samples.length <= MAX_SAMPLES, `${samples.length} samples`);
  const period = messages(profile, 11).map(valueType)[0] ?? '';
  return { series, types, period, durationNanos: integer(profile, 10), samples, bytes: bytes.length };
}

function byId(profile: Fields, field: number, what: string): ReadonlyMap<bigint, Fields> {
  const entries = messages(profile, field).map((one) => [integer(one, 1), one] as const);
  for (const [id] of entries) check(id !== 0n, `ID of a ${what} is not 0`);
  const map = new Map(entries);
  check(map.size === entries.length, `IDs of each ${what} are unique`);
  return map;
}

function check(isRight: boolean, rule: string): void {
  if (!isRight) throw new Error(`Pyroscope refuses: ${rule}`);
}
