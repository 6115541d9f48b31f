import { decodeExportResponse, encodeOtlpProfiles, encodeOtlpProfilesJson } from '../../otlp/index.js';
import type { Profile, ResourceAttributes } from '../../profile/index.js';
import { type ExporterDeps, withDefaults } from '../environment.js';
import { type ExportClock, within } from '../export-clock.js';
import { quoted, RatedLog, reasonOf } from '../export-log.js';
import { urlText } from '../http/http-target.js';
import { compressed, RetryingSender } from '../http/retrying-sender.js';
import type { HttpAnswer } from '../http/transport.js';
import {
  type CountingExporter,
  DropCounter,
  type ExportDrops,
  type ExportResult,
  failure,
} from '../profile-exporter.js';
import { type Delivery, type QueuedBody, SendQueue } from '../send-queue.js';
import { sendOverGrpc } from './grpc-transport.js';
import { type OtlpProfileExporterOptions, type OtlpSettings, otlpSettings } from './otlp-options.js';

/** Maximum age of an export that waits for the receiver, in ms. */
const MAX_AGE_MILLIS = 3_600_000;

/**
 * Sends profiles by OTLP over HTTP, as protobuf or JSON, or by gRPC. Each column of a profile is a profile of OTLP. While the receiver
 * is away, exports wait in a queue of limited size.
 *
 * @experimental
 */
export class OtlpProfileExporter implements CountingExporter {
  /** The kind and options, for another thread that is to make the same exporter. */
  readonly description: { readonly kind: 'otlp'; readonly options: OtlpProfileExporterOptions };
  readonly #drops: DropCounter = new DropCounter();
  readonly #settings: OtlpSettings;
  readonly #clock: ExportClock;
  readonly #log: RatedLog;
  readonly #sender: RetryingSender;
  readonly #queue: SendQueue;
  #hasEnded = false;

  /** @throws RangeError for an option that is not valid */
  constructor(options: OtlpProfileExporterOptions = {}, deps: ExporterDeps = {}) {
    this.description = { kind: 'otlp', options };
    const { env, log, clock, transport } = withDefaults(deps);
    this.#settings = otlpSettings(options, env, log);
    this.#clock = clock;
    this.#log = new RatedLog(log, clock);
    const { target, maxQueueBytes, protocol } = this.#settings;
    const ownTransport = protocol === 'grpc' ? sendOverGrpc : undefined;
    this.#sender = new RetryingSender(target, { clock, transport: transport ?? ownTransport });
    this.#queue = new SendQueue({
      maxBytes: maxQueueBytes,
      maxAgeMillis: MAX_AGE_MILLIS,
      drainMillis: target.timeoutMillis,
      clock,
      drops: this.#drops,
      send: (body) => this.#send(body),
    });
  }

  get drops(): ExportDrops {
    return { ...this.#drops };
  }

  /** Size of all exports that wait for the receiver, in bytes. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  async export(profiles: readonly Profile[], resource: ResourceAttributes): Promise<ExportResult> {
    if (this.#hasEnded) return failure('the exporter has ended');
    const count = profiles.reduce((sum, { columns }) => sum + columns.length, 0);
    if (count === 0) return this.#queue.drain();
    const { protocol, target, maxQueueBytes, problem } = this.#settings;
    if (problem !== undefined) {
      this.#drops.add('failed', count);
      return failure(problem);
    }
    let body: Uint8Array;
    try {
      const encode = protocol === 'http/json' ? encodeOtlpProfilesJson : encodeOtlpProfiles;
      // gRPC compresses by itself.
      const compression = protocol === 'grpc' ? 'none' : target.compression;
      body = await compressed(encode(profiles, { resource }), compression);
    } catch (error) {
      this.#drops.add('failed', count);
      return failure(`cannot encode as OTLP: ${reasonOf(error)}`);
    }
    if (!this.#queue.add({ body, profiles: count })) {
      return failure(`${body.length} bytes are more than the queue may hold (${maxQueueBytes})`);
    }
    return this.#queue.drain();
  }

  async forceFlush(): Promise<void> {
    if (!this.#hasEnded) await this.#queue.drain();
  }

  /** Waits for the export under way, at most for its timeout. What waits for the receiver then is dropped. */
  async shutdown(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#queue.isDraining) {
      await within(this.#clock, this.#settings.target.timeoutMillis, this.#queue.drain(), undefined);
    }
    this.#sender.abort();
    this.#queue.clear();
  }

  async #send({ body, profiles }: QueuedBody): Promise<Delivery> {
    const isJson = this.#settings.protocol === 'http/json';
    const outcome = await this.#sender.send(body, isJson ? 'application/json' : 'application/x-protobuf');
    if (outcome.kind === 'unavailable') return { kind: 'later', reason: outcome.reason };
    if (outcome.kind === 'refused') return { kind: 'rejected', reason: outcome.reason };
    return this.#confirm(outcome.answer, isJson, profiles);
  }

  /** Reads the answer. It names the number of rejected profiles. */
  #confirm({ status, headers, body }: HttpAnswer, wasJson: boolean, profiles: number): Delivery {
    const where = urlText(this.#settings.target.url);
    if (body.length === 0) return { kind: 'delivered' };
    const type = headers['content-type'] ?? '';
    const isJson =
      type.startsWith('application/json') || (wasJson && !type.startsWith('application/x-protobuf'));
    try {
      const { rejected, message } = decodeExportResponse(body, isJson);
      const reason = `${where}: ${rejected} of ${profiles} profiles rejected: ${quoted(message) || 'no reason given'}`;
      if (rejected >= profiles) return { kind: 'rejected', reason };
      if (rejected > 0) this.#drops.add('rejected', rejected);
      if (rejected > 0) this.#log.warn('partial', reason);
      else if (message !== '') this.#log.warn('message', `${where} warns: ${quoted(message)}`);
      return { kind: 'delivered' };
    } catch {
      const reason = `${where}: status ${status} with a body that is no answer of OTLP; check the endpoint`;
      return { kind: 'failed', reason };
    }
  }
}
