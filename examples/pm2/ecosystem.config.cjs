// Two processes behind one port.
module.exports = {
  apps: [
    {
      name: 'shop',
      script: './app.js',
      cwd: __dirname,
      exec_mode: 'cluster',
      instances: 2,
      node_args: '--import @heapray/instrumentation/register',
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: 9464, HEAPRAY_DEBUG_ADDR: '127.0.0.1:6464' },
    },
  ],
};
