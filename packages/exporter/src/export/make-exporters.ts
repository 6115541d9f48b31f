import { type ExporterDeps, withDefaults } from './environment.js';
import { reasonOf } from './export-log.js';
import { FileProfileExporter, type FileProfileExporterOptions } from './file/file-exporter.js';
import { OtlpProfileExporter } from './otlp/otlp-exporter.js';
import type { OtlpProfileExporterOptions } from './otlp/otlp-options.js';
import type { CountingExporter } from './profile-exporter.js';
import { PyroscopeProfileExporter } from './pyroscope/pyroscope-exporter.js';
import type { PyroscopeProfileExporterOptions } from './pyroscope/pyroscope-options.js';

/** Kind and options of an exporter of this package. Can be posted to another thread. */
export type ExporterDescription =
  | { readonly kind: 'otlp'; readonly options: OtlpProfileExporterOptions }
  | { readonly kind: 'pyroscope'; readonly options: PyroscopeProfileExporterOptions }
  | { readonly kind: 'file'; readonly options: FileProfileExporterOptions };

/** Kinds of exporters, as `HEAPRAY_PROFILES_EXPORTER` names them. */
export const EXPORTER_KINDS: readonly ExporterDescription['kind'][] = ['otlp', 'pyroscope', 'file'];

export interface FromEnvOptions extends ExporterDeps {
  /** Where the exporter `file` writes. */
  readonly file: FileProfileExporterOptions;
}

/**
 * Makes an exporter as described.
 *
 * @throws RangeError for an option that is not valid
 */
export function profileExporterFrom(
  description: ExporterDescription,
  deps: ExporterDeps = {},
): CountingExporter {
  switch (description.kind) {
    case 'otlp':
      return new OtlpProfileExporter(description.options, deps);
    case 'pyroscope':
      return new PyroscopeProfileExporter(description.options, deps);
    case 'file':
      return new FileProfileExporter(description.options, deps);
  }
}

/**
 * Makes the exporters of these kinds, with the settings of the environment variables. Unknown kinds cause a warning. Never
 * throws.
 *
 * @param kinds for example `['otlp', 'file']`; `none` and empty ones are ignored
 */
export function profileExportersFromEnv(
  kinds: readonly string[],
  { file, ...deps }: FromEnvOptions,
): readonly { readonly kind: ExporterDescription['kind']; readonly exporter: CountingExporter }[] {
  const { log } = withDefaults(deps);
  const wanted = new Set(kinds.map((kind) => kind.trim()).filter((kind) => kind !== '' && kind !== 'none'));
  return [...wanted].flatMap((name) => {
    const kind = EXPORTER_KINDS.find((one) => one === name);
    if (kind === undefined) {
      log(
        'warn',
        `Profile exporter ${JSON.stringify(name)} is not known: expected ${EXPORTER_KINDS.join(', ')}; ignoring it`,
      );
      return [];
    }
    try {
      return [
        {
          kind,
          exporter: profileExporterFrom(
            kind === 'file' ? { kind, options: file } : { kind, options: {} },
            deps,
          ),
        },
      ];
    } catch (error) {
      log('error', `Profile exporter ${kind} not started: ${reasonOf(error)}`);
      return [];
    }
  });
}
