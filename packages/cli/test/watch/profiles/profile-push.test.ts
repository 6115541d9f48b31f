// Profiles of components, sent at intervals.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HttpError } from '@heapray/exporter/http';
import { decodePprof, encodePprofGzip } from '@heapray/exporter/pprof';
import { totals } from '@heapray/exporter/profile';
import { expect, test } from 'vitest';
import { freePort } from '../../../../../test/support/free-port.js';
import { pollUntil } from '../../../../../test/support/poll.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { growingProfile } from '../../../../exporter/test/export/support/growing-service.js';
import { PyroscopeValidator } from '../../../../exporter/test/export/support/pyroscope-validator.js';
import { answerWith, startReceiver } from '../../../../exporter/test/export/support/receiver.js';
import { ProfilePush, type ProfilePushOptions } from '../../../src/watch/profiles/profile-push.js';

const CLOCK = { now: () => Date.now(), steady: () => performance.now() };

function start(components: string[], options: Partial<ProfilePushOptions>) {
  const notes: string[] = [];
  const rounds = new Map<string, number>();
  const source = {
    components: () => components,
    profile: async ({ component }: { readonly component: string }) => {
      if (component === 'gone') throw new HttpError(404, 'component: gone has no capture any more');
      const round = (rounds.get(component) ?? 0) + 1;
      rounds.set(component, round);
      return encodePprofGzip(growingProfile(round, Date.now(), Date.now() - round * 1000));
    },
  };
  const push = new ProfilePush(source, {
    kinds: ['file'],
    intervalMillis: 60_000,
    folder: path.join(tempFolder(), 'profiles'),
    note: (text) => notes.push(text),
    env: {},
    ...options,
  });
  return { push, notes, components };
}

test('pushes what each component has allocated since the last push, as a service of its own', async () => {
  const { url, received } = await startReceiver(answerWith(200, '{}'));
  const { push, notes } = start(['scheduler', 'triggerer'], {
    kinds: ['pyroscope'],
    env: { PYROSCOPE_SERVER_ADDRESS: url },
  });
  await push.exportAll();
  await push.exportAll();
  await push.close();
  const validator = new PyroscopeValidator(CLOCK);
  const pushed = received.flatMap((request) => validator.push(request));
  const of = (service: string) => pushed.filter(({ series }) => series.service_name === service);
  expect(of('triggerer')).toHaveLength(3);
  const allocated = of('scheduler').flatMap(({ samples }) => samples.map(({ values }) => values[1]!));
  expect(allocated.reduce((sum, bytes) => sum + bytes)).toBe(
    totals(growingProfile(3, Date.now())).alloc_space,
  );
  expect(notes).toEqual([]);
});

test('goes on, and reports each reason once, when a component or the receiver fails', async () => {
  const folder = tempFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const { push, notes, components } = start(['gone', 'api'], {
    kinds: ['file', 'pyroscope'],
    folder,
    env: { PYROSCOPE_SERVER_ADDRESS: url, PYROSCOPE_LABELS: 'bad' },
    lastTimeoutMillis: 1,
  });
  void push.exportAll();
  await pollUntil(() => notes.length >= 3 || readdirSync(folder).length > 0, { what: 'the first profile' });
  components.splice(0, 1);
  await push.close();
  expect(notes.slice(0, 2)).toEqual([
    'gone: profile not exported: component: gone has no capture any more',
    'PYROSCOPE_LABELS: "bad" is not valid: expected name=value; ignoring it',
  ]);
  expect(notes.at(-1)).toBe('the last profiles were not sent within 0.001 s');
  // There may be a second one already, with a number if it came in the same second.
  const file = readdirSync(folder).find((name) => /^api-\d{8}T\d{6}Z\.pb\.gz$/.test(name));
  expect(decodePprof(readFileSync(path.join(folder, file!))).sampleCount).toBe(2);
});

test('exports at intervals, and a last time at the end', async () => {
  const { url, received } = await startReceiver(answerWith(200, '{}'));
  const { push } = start(['api'], {
    kinds: ['pyroscope'],
    intervalMillis: 20,
    env: { PYROSCOPE_SERVER_ADDRESS: url },
  });
  push.start();
  await pollUntil(() => received.length >= 2, { what: 'two pushes' });
  await push.close();
  const count = received.length;
  expect(count).toBeGreaterThanOrEqual(3);
});

test('goes on with the others, also at the end, when one receiver hangs', async () => {
  const { url } = await startReceiver(() => {});
  const folder = tempFolder();
  const { push } = start(['api'], {
    kinds: ['pyroscope', 'file'],
    folder,
    env: { PYROSCOPE_SERVER_ADDRESS: url },
    lastTimeoutMillis: 200,
  });
  void push.exportAll();
  await pollUntil(() => readdirSync(folder).length === 1, { what: 'the first profile' });
  await push.close();
  // On a busy machine, the last file takes longer than the time for the receiver that hangs.
  await pollUntil(() => readdirSync(folder).length === 2, { what: 'the last profile' });
});
