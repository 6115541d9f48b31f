// heapray does not extend OpenTelemetry's base class, but behaves like it: with both major versions of the SDK.
import { expect } from 'vitest';
import { peerTest } from '../support/peer-test.js';
import { runApp } from './support/profiled-app.js';

for (const project of ['sdk-2', 'sdk-3'] as const) {
  peerTest(
    `${project}: configuration and state are those of the base class`,
    `project-${project}`,
    async () => {
      const { status, stdout, stderr } = await runApp({
        app: ['like-base-class.js'],
        project,
        register: false,
        // Otherwise stderr has warnings about options that are not in effect yet.
        env: { OTEL_LOG_LEVEL: 'NONE' },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const [heapray, plain] = JSON.parse(stdout) as [unknown[], unknown[]];
      expect(plain.length).toBeGreaterThan(20);
      expect(heapray).toEqual(plain);
    },
  );
}
