// Memory by package: the metrics of HEAPRAY_GROUP_BY, and `heapray top --group` on the same process's profile.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { httpGet } from '../support/http-get.js';
import { describeWithPeer } from '../support/peer-test.js';
import { project } from '../support/projects.js';
import { runCommand } from '../support/run-command.js';
import { tempFolder } from '../support/temp-folder.js';
import type { MetricsPage } from './support/metrics-page.js';
import { type RunningApp, startApp } from './support/profiled-app.js';
import { samplingMargin } from './support/sampling-margin.js';

const INTERVAL = 16_384;
const LEAK_BYTES = 16 * 2 ** 20;
const MARGIN = samplingMargin(INTERVAL, LEAK_BYTES);

interface TopJson {
  readonly rows: readonly { readonly name: string; readonly flat: number }[];
}

describeWithPeer('a service grouped by package', ['project-bare'], () => {
  let service: RunningApp;
  let page: MetricsPage;
  let profile = '';

  beforeAll(async () => {
    const env = {
      HEAPRAY_SAMPLING_INTERVAL: `${INTERVAL}`,
      HEAPRAY_GROUP_BY: 'package',
      HEAPRAY_COMPONENT: 'shop-api',
      LEAK_MIB: `${LEAK_BYTES / 2 ** 20}`,
    };
    service = startApp({ app: ['leaky-service.js'], nodeArgs: ['--expose-gc'], env });
    await service.waitForLog(/^leaked$/m);
    page = await service.waitForMetrics('the leak', (now) => {
      return (
        now.sum('heapray_memory_retained', { heapray_package_name: 'order-cache' }) > LEAK_BYTES - MARGIN
      );
    });
    const { bytes } = await httpGet(`${await service.debugUrl()}/debug/pprof/heap`);
    profile = path.join(tempFolder(), 'heap.pb.gz');
    writeFileSync(profile, bytes);
  });

  test('has packages in its metrics, without attributes of functions and files', () => {
    const retained = page.find('heapray_memory_retained');
    const leaked = page.sum('heapray_memory_retained', { heapray_package_name: 'order-cache' });
    expect(leaked).toBeLessThan(LEAK_BYTES + MARGIN);
    const names = retained.flatMap(({ labels }) => Object.keys(labels));
    expect(names).not.toContain('code_function_name');
    expect(names).not.toContain('code_file_path');
    expect(retained.map(({ labels }) => labels.heapray_package_name)).toContain('other');
    expect(page.find('heapray_memory_allocated_total', { heapray_package_name: 'order-cache' })).toHaveLength(
      1,
    );
  });

  describe('and heapray top', () => {
    const top = async (group: string) => {
      const cli = path.join(project('bare'), 'node_modules', '.bin', 'heapray');
      const args = ['top', profile, '--by', 'inuse', '--group', group, '--json', '-n', '100'];
      const { status, stdout, stderr } = await runCommand(process.execPath, [cli, ...args]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return (JSON.parse(stdout) as TopJson).rows;
    };

    test('by package has the same packages with the same bytes', async () => {
      const rows = await top('package');
      expect(rows[0]?.name).toBe('order-cache');
      expect(Math.abs((rows[0]?.flat ?? 0) - LEAK_BYTES)).toBeLessThan(MARGIN);
      const held = page.find('heapray_memory_retained').filter(({ value }) => value > MARGIN);
      const packages = new Set(held.map(({ labels }) => labels.heapray_package_name));
      expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining([...packages]));
    });

    test('by component has the component of the process', async () => {
      expect((await top('component')).map(({ name }) => name)).toEqual(['shop-api']);
    });

    test('by thread has the main thread', async () => {
      expect((await top('thread')).map(({ name }) => name)).toEqual(['main']);
    });
  });
});
