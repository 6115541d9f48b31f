/** Attributes of an OpenTelemetry resource. */
export type ResourceAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A reader of profiles whose exporter is one of heapray's own, so that it can run on the profiler thread. */
export interface ReaderSettings {
  /** Number that no other reader of this process has. */
  readonly id: number;
  readonly kind: string;
  /** Options of the exporter, as code gave them. */
  readonly options: object;
  readonly exportIntervalMillis: number;
  readonly exportTimeoutMillis: number;
}
