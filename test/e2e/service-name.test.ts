// The component has the service name of the application's SDK, unless it is named for heapray.
import { describe, expect } from 'vitest';
import { freePort } from '../support/free-port.js';
import { httpGet } from '../support/http-get.js';
import { peerTest } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import type { ProjectName } from '../support/projects.js';
import { captureOf, expectFinished, fileNames } from './support/capture-files.js';
import { waitForLeakPage } from './support/leak-page.js';
import { startApp } from './support/profiled-app.js';

const PROJECTS = ['sdk-2', 'sdk-3'] as const;

describe.each([true, false])('with register: %s', (register) => {
  for (const project of PROJECTS) {
    peerTest(
      `${project}: the component of metrics and profiles is the service's name`,
      `project-${project}`,
      async () => {
        const { service, components } = await start(project, register);
        expect(await components()).toEqual(['shop']);
        // The debug server may start after the SDK's endpoint.
        const text = await pollUntil(
          async () => {
            const { body } = await httpGet(`${service.debugAddress}/debug/pprof/heap?debug=1`);
            return /rememberOrder.* shop$/m.test(body) && body;
          },
          { what: 'a profile with the leak' },
        );
        expect(text).not.toContain('named-service\n');
      },
    );
  }

  peerTest('a component that is named for heapray stays', 'project-sdk-3', async () => {
    const { components } = await start('sdk-3', register, { HEAPRAY_COMPONENT: 'orders' });
    expect(await components()).toEqual(['orders']);
  });

  peerTest("the SDK's name takes precedence over OTEL_SERVICE_NAME", 'project-sdk-3', async () => {
    const { components } = await start('sdk-3', register, { OTEL_SERVICE_NAME: 'other' });
    expect(await components()).toEqual(['shop']);
  });

  peerTest('a traced service has a capture', 'project-sdk-3', async () => {
    const env = { HEAPRAY_TRACE_COMPONENTS: 'shop', OTEL_LOG_LEVEL: 'info' };
    const { service, components } = await start('sdk-3', register, env);
    await service.app.waitForLog(/profiling memory of component shop: /);
    await service.app.waitForLog(/sampling every 8192 bytes instead of 65536 /);
    expect(await components()).toEqual(['shop']);
    expect(await service.app.stop('SIGTERM')).toEqual({ status: 0, signal: null });
    expect(fileNames(service.app.home)).toEqual(['shop_memory.bin']);
    expectFinished(captureOf(service.app.home, 'shop'));
    const { stdout, stderr } = service.app.process;
    expect(stdout + stderr).not.toContain('no component that can be traced');
  });

  peerTest("a process that is traced by its script's name keeps that name", 'project-sdk-3', async () => {
    const { service, components } = await start('sdk-3', register, {
      HEAPRAY_TRACE_COMPONENTS: 'named-service',
    });
    expect(await components()).toEqual(['named-service']);
    await service.app.stop('SIGTERM');
    expectFinished(captureOf(service.app.home, 'named-service'));
  });
});

async function start(project: ProjectName, register: boolean, env: Record<string, string> = {}) {
  const [port, debugPort] = [await freePort(), await freePort()];
  const app = startApp({
    app: ['named-service.js', register ? 'preloaded' : 'instance'],
    project,
    register,
    env: {
      METRICS_PORT: `${port}`,
      HEAPRAY_DEBUG_ADDR: `127.0.0.1:${debugPort}`,
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      ...env,
    },
  });
  /** Returns the components on the metrics page, once the service has leaked. */
  const components = async () => {
    const { page } = await waitForLeakPage(port);
    const labels = page.find('heapray_memory_retained').map(({ labels }) => labels.heapray_component);
    return [...new Set(labels)];
  };
  return { service: { app, debugAddress: `http://127.0.0.1:${debugPort}` }, components };
}
