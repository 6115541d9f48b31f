export type { Environment, ExporterDeps } from './environment.js';
export type { ExportClock } from './export-clock.js';
export type { ExportLog } from './export-log.js';
export { FileProfileExporter, type FileProfileExporterOptions } from './file/file-exporter.js';
export type { HttpTarget, TlsFiles } from './http/http-target.js';
export type { HttpAnswer, Transport } from './http/transport.js';
export {
  EXPORTER_KINDS,
  type ExporterDescription,
  type FromEnvOptions,
  profileExporterFrom,
  profileExportersFromEnv,
} from './make-exporters.js';
export { OtlpProfileExporter } from './otlp/otlp-exporter.js';
export type { OtlpProfileExporterOptions, OtlpProtocol } from './otlp/otlp-options.js';
export {
  PeriodicExportingProfileReader,
  type PeriodicExportingProfileReaderOptions,
  type ProfileSource,
  type ReaderDeps,
} from './periodic-reader.js';
export type {
  CountingExporter,
  DropReason,
  ExportDrops,
  ExportResult,
  ProfileExporter,
} from './profile-exporter.js';
export { PyroscopeProfileExporter } from './pyroscope/pyroscope-exporter.js';
export type { PyroscopeProfileExporterOptions } from './pyroscope/pyroscope-options.js';
