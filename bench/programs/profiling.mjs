// Starts the profiler of each arm of a comparison.

/**
 * Starts profiling:
 * - `none`: not at all;
 * - `heapray`: heapray at its defaults, without an SDK;
 * - `exact-stack-flags`: not at all, with the V8 flags of `accurateStacks`;
 * - `sdk`: an OpenTelemetry metrics SDK that exports often, without heapray;
 * - `sdk-heapray`: the same with heapray in it;
 * - `datadog`: the sampler of `@datadog/pprof` at heapray's default interval; the returned function takes a profile;
 * - `datadog-allocations`: the same including freed objects (Node 26), which collects garbage for each profile.
 *
 * @param options of HeaprayInstrumentation
 */
export async function startProfiling(mode, options = {}) {
  const provider = mode.startsWith('sdk') ? await startSdk() : undefined;
  if (mode.startsWith('datadog')) return startDatadog(mode === 'datadog-allocations');
  if (mode === 'exact-stack-flags') return setFlags();
  if (!mode.endsWith('heapray')) return undefined;
  const { HeaprayInstrumentation } = await import('@heapray/instrumentation');
  const instrumentation = new HeaprayInstrumentation(options);
  if (provider) instrumentation.setMeterProvider(provider);
  return instrumentation;
}

/**
 * Gap between exports: shorter than the usual minute, so that a short run holds some. One of six arms works a sixth of the
 * time, so it has the garbage of one export in less than two seconds of its own work.
 */
const EXPORT_MILLIS = 10_000;

async function startSdk() {
  const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } =
    await import('@opentelemetry/sdk-metrics');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_MILLIS });
  // Exports are not read, and must not fill the memory that is measured.
  setInterval(() => exporter.reset(), EXPORT_MILLIS).unref();
  return new MeterProvider({ readers: [reader] });
}

async function setFlags() {
  const { setExactStackFlags } = await import(
    '../../packages/instrumentation/dist/main-thread/sampler/exact-stack-flags.js'
  );
  setExactStackFlags();
}

const DATADOG_INTERVAL_BYTES = 524_288;
const DATADOG_STACK_DEPTH = 64;

async function startDatadog(allocations) {
  const { encode, heap } = await import('@datadog/pprof');
  heap.start(DATADOG_INTERVAL_BYTES, DATADOG_STACK_DEPTH, allocations);
  return { takeProfile: () => encode(heap.profile()) };
}
