/**
 * Attributes of what is profiled, by OpenTelemetry's semantic conventions, for example `service.name`. Those of an SDK's
 * `Resource` fit.
 */
export type ResourceAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;
