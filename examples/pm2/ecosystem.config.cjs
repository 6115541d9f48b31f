// Two processes. `increment_var` gives each its own port for metrics: 9464 and 9465.
module.exports = {
  apps: [
    {
      name: 'shop',
      script: './app.js',
      cwd: __dirname,
      exec_mode: 'cluster',
      instances: 2,
      node_args: '--import @heapray/instrumentation/register',
      increment_var: 'OTEL_EXPORTER_PROMETHEUS_PORT',
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: 9464, HEAPRAY_DEBUG_ADDR: '127.0.0.1:0' },
    },
  ],
};
