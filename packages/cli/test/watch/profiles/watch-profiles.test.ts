// `heapray watch` as it sends profiles for a user.
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { PyroscopeValidator } from '../../../../exporter/test/export/support/pyroscope-validator.js';
import { answerWith, startReceiver } from '../../../../exporter/test/export/support/receiver.js';
import { heapray } from '../../support/heapray.js';
import { AIRFLOW } from '../support/captures.js';
import { startWatch } from '../support/start-watch.js';

test('sends the profile of a component to Pyroscope and into a file, at intervals', async () => {
  const { url, received } = await startReceiver(answerWith(200, '{}'));
  const folder = tempFolder();
  copyFileSync(AIRFLOW, path.join(folder, 'dag_processor_memory.bin'));
  const files = path.join(folder, 'profiles');
  const args = [
    '--profiles-exporter',
    'pyroscope,file',
    '--profiles-interval',
    '0.2',
    '--profiles-folder',
    files,
  ];
  const { process: watching } = await startWatch([...args, folder], {
    env: { PYROSCOPE_SERVER_ADDRESS: url },
  });
  await pollUntil(() => received.length > 0 && readdirSync(files).some((name) => name.endsWith('.pb.gz')), {
    what: 'a push and a file',
  });
  expect((await watching.stop('SIGTERM')).status).toBe(0);
  const clock = { now: () => Date.now(), steady: () => performance.now() };
  const [pushed] = new PyroscopeValidator(clock).push(received[0]!);
  expect(pushed!.series).toMatchObject({ service_name: 'dag_processor', heapray_component: 'dag_processor' });
  const [name] = readdirSync(files).filter((one) => one.endsWith('.pb.gz'));
  expect(name).toMatch(/^dag_processor-\d{8}T\d{6}Z(?:-\d+)?\.pb\.gz$/);
  const written = totals(decodePprof(readFileSync(path.join(files, name!))));
  const inUse = pushed!.samples.reduce((sum, { values }) => sum + values[3]!, 0);
  expect(inUse).toBe(written.inuse_space);
  expect(inUse).toBeGreaterThan(0);
});

test('refuses an exporter that it does not know', async () => {
  const { status, stderr } = await heapray(['watch', '--profiles-exporter', 'otlp,statsd', tempFolder()]);
  expect(status).toBe(2);
  expect(stderr).toContain('Must be a list of otlp, pyroscope, file.');
});
