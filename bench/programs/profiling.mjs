// How a measured program is profiled: the arms of every comparison.

/**
 * - `none`: not at all;
 * - `heapray`: heapray at its defaults, without an SDK;
 * - `sdk`: an OpenTelemetry metrics SDK that exports often, without heapray;
 * - `sdk-heapray`: the same with heapray in it.
 *
 * @param options of HeaprayInstrumentation
 */
export async function startProfiling(mode, options = {}) {
  const provider = mode.startsWith('sdk') ? await startSdk() : undefined;
  if (!mode.endsWith('heapray')) return undefined;
  const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
  const instrumentation = new HeaprayInstrumentation(options);
  if (provider) instrumentation.setMeterProvider(provider);
  return instrumentation;
}

/** Much more often than the usual minute, so that a short run holds several exports. */
const EXPORT_MILLIS = 2_000;

async function startSdk() {
  const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } =
    await import('@opentelemetry/sdk-metrics');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_MILLIS });
  // Nobody reads them, and they must not fill the memory that is measured.
  setInterval(() => exporter.reset(), EXPORT_MILLIS).unref();
  return new MeterProvider({ readers: [reader] });
}
