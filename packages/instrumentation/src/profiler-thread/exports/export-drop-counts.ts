import type { CountingExporter } from '@heapray/exporter/export';

/** Passes on what an exporter has dropped, as drops of the profiler. */
export class ExportDropCounts {
  readonly #exporter: Pick<CountingExporter, 'drops'>;
  readonly #reader: { readonly skipped: number };
  readonly #stats: { drop(reason: string, count: number): void };
  readonly #counted = new Map<string, number>();

  constructor(
    exporter: Pick<CountingExporter, 'drops'>,
    reader: { readonly skipped: number },
    stats: { drop(reason: string, count: number): void },
  ) {
    this.#exporter = exporter;
    this.#reader = reader;
    this.#stats = stats;
  }

  /** Adds what was dropped since the last call. */
  count(): void {
    for (const [reason, count] of Object.entries(this.#exporter.drops)) this.#add(`export_${reason}`, count);
    this.#add('export_skipped', this.#reader.skipped);
  }

  #add(reason: string, count: number): void {
    this.#stats.drop(reason, count - (this.#counted.get(reason) ?? 0));
    this.#counted.set(reason, count);
  }
}
