// A receiver of OTLP metrics, which answers as the test says.
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { parse } from 'protobufjs';
import { atEnd } from '../../../../../test/support/cleanup.js';
import { CERTIFICATE, KEY } from '../../../../../test/support/localhost-certificate.js';

export interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number };
}

export interface OtlpPoint {
  readonly attributes: readonly OtlpAttribute[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble: number;
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: readonly OtlpPoint[] };
  readonly sum?: {
    readonly dataPoints: readonly OtlpPoint[];
    readonly isMonotonic?: boolean;
    readonly aggregationTemporality: number;
  };
}

export interface OtlpExport {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly OtlpMetric[];
    }[];
  }[];
}

/** A request as the receiver got it. */
export class OtlpRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly response: ServerResponse;

  constructor(path: string, headers: IncomingHttpHeaders, body: Buffer, response: ServerResponse) {
    this.path = path;
    this.headers = headers;
    this.body = body;
    this.response = response;
  }

  /** Decodes the body by the headers. */
  decode(): OtlpExport {
    const bytes = this.headers['content-encoding'] === 'gzip' ? gunzipSync(this.body) : this.body;
    if (this.headers['content-type'] === 'application/json')
      return JSON.parse(bytes.toString()) as OtlpExport;
    return EXPORT.toObject(EXPORT.decode(bytes), { longs: String }) as OtlpExport;
  }

  /** Returns the attributes of the resource. */
  resource(): Readonly<Record<string, string | undefined>> {
    const { attributes } = this.decode().resourceMetrics[0]!.resource;
    return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
  }

  metric(name: string): OtlpMetric | undefined {
    return this.decode()
      .resourceMetrics[0]!.scopeMetrics.flatMap(({ metrics }) => metrics)
      .find((metric) => metric.name === name);
  }
}

export interface OtlpReceiver {
  readonly url: URL;
  readonly requests: readonly OtlpRequest[];
}

/**
 * Starts a receiver.
 *
 * @param answer answers a request, or leaves that to the test. Default: success
 * @param options.tls whether with `CERTIFICATE`. Default false
 */
export async function startReceiver(
  answer: (request: OtlpRequest, count: number) => void = ({ response }) => response.end(),
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<OtlpReceiver> {
  const requests: OtlpRequest[] = [];
  const receive = (incoming: IncomingMessage, response: ServerResponse) => {
    void buffer(incoming).then((body) => {
      const request = new OtlpRequest(incoming.url!, incoming.headers, body, response);
      requests.push(request);
      answer(request, requests.length);
    });
  };
  const server: Server = tls
    ? createTlsServer({ cert: CERTIFICATE, key: KEY }, receive)
    : createServer(receive);
  server.listen(0, '127.0.0.1');
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { requests, url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`) };
}

/** The parts of opentelemetry-proto that heapray uses. */
const EXPORT = parse(`
syntax = "proto3";
message Export { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; int64 int_value = 3; double double_value = 4; } }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Scope { string name = 1; string version = 2; }
message Metric { string name = 1; string unit = 3; oneof data { Gauge gauge = 5; Sum sum = 7; } }
message Gauge { repeated Point data_points = 1; }
message Sum { repeated Point data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Point {
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  double as_double = 4;
  repeated KeyValue attributes = 7;
}`).root.lookupType('Export');
