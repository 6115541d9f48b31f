// Reads and writes OTLP by the schema in proto/otlp with protobufjs, which shares no code with the encoders and decoders.
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

export interface WireSample {
  readonly stackIndex: number;
  readonly attributeIndices: readonly number[];
  readonly linkIndex: number;
  readonly values: readonly string[];
  readonly timestampsUnixNano: readonly string[];
}

export interface WireType {
  readonly typeStrindex: number;
  readonly unitStrindex: number;
}

export interface WireProfile {
  readonly sampleType: WireType | null;
  readonly samples: readonly WireSample[];
  readonly timeUnixNano: string;
  readonly durationNano: string;
  readonly periodType: WireType | null;
  readonly period: string;
  readonly attributeIndices: readonly number[];
}

export interface WireValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly WireValue[] };
}

export interface WireKeyValue {
  readonly key: string;
  readonly value: WireValue;
  readonly keyStrindex: number;
}

export interface WireLocation {
  readonly mappingIndex: number;
  readonly address: string;
  readonly lines: readonly {
    readonly functionIndex: number;
    readonly line: string;
    readonly column: string;
  }[];
  readonly attributeIndices: readonly number[];
}

export interface WireDictionary {
  readonly mappingTable: readonly {
    readonly memoryStart: string;
    readonly memoryLimit: string;
    readonly fileOffset: string;
    readonly filenameStrindex: number;
    readonly attributeIndices: readonly number[];
  }[];
  readonly locationTable: readonly WireLocation[];
  readonly functionTable: readonly {
    readonly nameStrindex: number;
    readonly systemNameStrindex: number;
    readonly filenameStrindex: number;
    readonly startLine: string;
  }[];
  readonly linkTable: readonly { readonly traceId: unknown; readonly spanId: unknown }[];
  readonly stringTable: readonly string[];
  readonly attributeTable: readonly {
    readonly keyStrindex: number;
    readonly value: WireValue | null;
    readonly unitStrindex: number;
  }[];
  readonly stackTable: readonly { readonly locationIndices: readonly number[] }[];
}

export interface WireRequest {
  readonly resourceProfiles: readonly {
    readonly resource: { readonly attributes: readonly WireKeyValue[] } | null;
    readonly scopeProfiles: readonly {
      readonly scope: {
        readonly name: string;
        readonly version: string;
        readonly attributes: readonly WireKeyValue[];
      } | null;
      readonly profiles: readonly WireProfile[];
    }[];
  }[];
  readonly dictionary: WireDictionary | null;
}

const file = new URL('../../../../proto/otlp/profiles.proto', import.meta.url);
const { root } = protobuf.parse(readFileSync(file, 'utf8'));
const request = root.lookupType('heapray.otlp.ExportProfilesServiceRequest');
const response = root.lookupType('heapray.otlp.ExportProfilesServiceResponse');

/** Returns a request with all fields; those that are absent have their defaults. */
export function wireRequest(bytes: Uint8Array): WireRequest {
  return request.toObject(request.decode(bytes), { longs: String, defaults: true }) as WireRequest;
}

/** Returns a request in JSON in the same form. */
export function wireRequestOfJson(bytes: Uint8Array): WireRequest {
  const message = request.fromObject(JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>);
  return request.toObject(message, { longs: String, defaults: true }) as WireRequest;
}

/** Returns the bytes of a request given as an object. */
export function requestBytes(message: object): Uint8Array {
  return request.encode(request.fromObject(message)).finish();
}

/** Returns the bytes of a response given as an object. */
export function responseBytes(message: object): Uint8Array {
  return response.encode(response.fromObject(message)).finish();
}
