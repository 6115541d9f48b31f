// The pages of a group, made of the pages of processes that are stood in for by handlers.
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  type HttpAnswer,
  type HttpHandler,
  type HttpRequest,
  textAnswer,
  withToken,
} from '@heapray/exporter/http';
import { decodePprof, encodePprof } from '@heapray/exporter/pprof';
import { type Profile, ProfileBuilder } from '@heapray/exporter/profile';
import { describe, expect, test } from 'vitest';
import { debugRoutes } from '../../../src/profiler-thread/group/debug-routes.js';
import { answeringFrom, type Routes } from '../../../src/profiler-thread/group/gather.js';
import type { Member } from '../../../src/profiler-thread/group/group-owner.js';

const NEVER = new AbortController().signal;
const HEAP = '/debug/pprof/heap';

function profileOf(bytes: number): Profile {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  builder.add(undefined, [bytes], builder.labels({ component: 'shop' }));
  return builder.build();
}

function overviewOf(pid: number) {
  const downloads = [
    { title: 'heap', href: HEAP },
    { title: 'text', href: `${HEAP}?debug=1` },
  ];
  const subject = { name: 'shop', facts: [{ name: 'Process', text: `${pid}` }], downloads };
  return { format: 'heapray-overview', version: 1, title: 'shop', refreshSeconds: pid, subjects: [subject] };
}

/** Returns the pages of a process that has `pid` bytes in use. */
function pagesOf(pid: number, more: Readonly<Record<string, HttpHandler>> = {}): Routes {
  return new Map<string, HttpHandler>(
    Object.entries({
      [HEAP]: ({ query }: HttpRequest): HttpAnswer =>
        query.get('debug') === '1'
          ? textAnswer(`text of ${pid}\n`)
          : { type: 'application/octet-stream', body: gzipSync(encodePprof(profileOf(pid))) },
      '/debug/ui/overview.json': () => textAnswer(JSON.stringify(overviewOf(pid))),
      '/debug/ui/profile.json': ({ query }: HttpRequest) => textAnswer(`page of ${pid}: ${query}`),
      '/debug/ui/diff.json': ({ query }: HttpRequest) => textAnswer(`difference of ${pid}: ${query}`),
      '/debug/ui/page.js': () => textAnswer('script'),
      ...more,
    }),
  );
}

function memberOf(pid: number, pages: Routes): Member {
  const answer = answeringFrom(pages);
  return { id: pid, pid, component: 'shop', ask: (question, _, signal) => answer(question, signal) };
}

class Group {
  missed = 0;
  readonly #routes: Routes;

  constructor(members: readonly Member[], isShared = true, rejoined: Promise<void> = Promise.resolve()) {
    this.#routes = debugRoutes({
      own: pagesOf(1),
      self: () => ({ pid: 1, component: 'shop' }),
      group: { members, isShared, rejoined },
      missed: () => {
        this.missed++;
      },
    });
  }

  async get(
    path: string,
    query = '',
    method: 'GET' | 'HEAD' = 'GET',
    authorization?: string,
  ): Promise<HttpAnswer> {
    return this.#routes.get(path)!({
      method,
      path,
      query: new URLSearchParams(query),
      client: 'test',
      acceptsGzip: false,
      authorization,
      ifNoneMatch: undefined,
      signal: NEVER,
    });
  }
}

const shared = new Group([memberOf(2, pagesOf(2)), memberOf(3, pagesOf(3))]);

function samplesIn({ body }: HttpAnswer): [string, number][] {
  const profile = decodePprof(body as Uint8Array);
  const samples = Array.from({ length: profile.sampleCount }, (_, at): [string, number] => {
    return [`${profile.labelsOf(at).process}`, profile.value(at, 0)];
  });
  return samples.sort(([a], [b]) => a.localeCompare(b));
}

describe('profiles of a group', () => {
  test('are one profile with the label process', async () => {
    expect(samplesIn(await shared.get(HEAP))).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 3],
    ]);
  });

  test('are those of one process with pid, and as it has made them', async () => {
    expect(samplesIn(await shared.get(HEAP, 'pid=2'))).toEqual([['undefined', 2]]);
    expect(samplesIn(await shared.get(HEAP, 'pid=1'))).toEqual([['undefined', 1]]);
    await expect(shared.get(HEAP, 'pid=4')).rejects.toThrow('expected one of 1, 2, 3');
    await expect(shared.get(HEAP, 'pid=')).rejects.toThrow('expected one of 1, 2, 3');
  });

  test('name the processes that are missing, and count those that cannot be read', async () => {
    const refused = pagesOf(2, { [HEAP]: () => ({ ...textAnswer('too often\n'), status: 429 }) });
    const broken = pagesOf(3, { [HEAP]: () => textAnswer('<html>') });
    const silent: Member = { ...memberOf(4, pagesOf(4)), ask: () => Promise.reject(new Error('no answer')) };
    const group = new Group([memberOf(2, refused), memberOf(3, broken), silent]);
    const answer = await group.get(HEAP);
    expect(samplesIn(answer)).toEqual([['1', 1]]);
    const comments = decodePprof(answer.body as Uint8Array).comments.join('\n');
    expect(comments).toMatch(/process 2 is missing: too often/);
    expect(comments).toMatch(/process 3 is missing: ./);
    expect(comments).toMatch(/process 4 is missing: process 4: no answer/);
    expect(group.missed).toBe(2);
  });

  test('are texts below each other with debug=1', async () => {
    const { body } = await shared.get(HEAP, 'debug=1');
    expect(body).toMatch(/process 1 \(shop\).*text of 1.*process 2 \(shop\).*text of 2/s);
  });

  test('are not made for HEAD', async () => {
    expect(samplesIn(await shared.get(HEAP, '', 'HEAD'))).toEqual([['undefined', 1]]);
  });
});

test('each process of a group checks the token of the client', async () => {
  const protectedBy = (pid: number, token: string) => memberOf(pid, withToken(pagesOf(pid), token));
  const group = new Group([protectedBy(2, 'token-of-all'), protectedBy(3, 'another-token')]);
  const answer = await group.get(HEAP, '', 'GET', 'Bearer token-of-all');
  expect(samplesIn(answer)).toEqual([
    ['1', 1],
    ['2', 2],
  ]);
  expect(decodePprof(answer.body as Uint8Array).comments.join('\n')).toMatch(
    /process 3 is missing: Authorization/,
  );
});

test('a process alone has its own pages', async () => {
  const alone = new Group([], false);
  expect(samplesIn(await alone.get(HEAP))).toEqual([['undefined', 1]]);
  const { subjects } = JSON.parse(`${(await alone.get('/debug/ui/overview.json')).body}`);
  expect(subjects[0].component).toBeUndefined();
});

describe('the live page of a group', () => {
  test('has a subject for each process, with links to its profiles', async () => {
    const broken = pagesOf(9, { '/debug/ui/overview.json': () => textAnswer('{}') });
    const group = new Group([memberOf(2, pagesOf(2)), memberOf(9, broken)]);
    const answer = await group.get('/debug/ui/overview.json');
    const overview = JSON.parse(Buffer.from(answer.body as Uint8Array).toString());
    expect(overview).toMatchObject({
      refreshSeconds: 2,
      subjects: [
        { component: '1', name: 'shop, process 1' },
        {
          component: '2',
          downloads: [{ href: `${HEAP}?pid=2` }, { href: `${HEAP}?debug=1&pid=2` }],
        },
      ],
    });
    expect(overview.subjects).toHaveLength(2);
    expect(group.missed).toBe(1);
  });

  test('gets profiles and differences of the process that is chosen', async () => {
    const profile = await shared.get('/debug/ui/profile.json', 'name=heap&component=2');
    expect(`${profile.body}`).toBe('page of 2: name=heap');
    const difference = await shared.get('/debug/ui/diff.json', 'before=5&after=now&component=3');
    expect(`${difference.body}`).toBe('difference of 3: before=5&after=now');
    expect(`${(await shared.get('/debug/ui/page.js')).body}`).toBe('script');
  });

  test('compares two processes', async () => {
    const answer = await shared.get('/debug/ui/diff.json', 'component=2&other=3');
    const { profiles } = JSON.parse(Buffer.from(answer.body as Uint8Array).toString());
    expect(profiles.map(({ name }: { name: string }) => name)).toEqual(['process 2', 'process 3']);
    expect(() => gunzipSync(answer.body as Uint8Array)).toThrow();
  });
});

test('the heap snapshot of another process is passed on in pieces', async () => {
  const text = 'a snapshot of process 2';
  const asked: string[] = [];
  const snapshot =
    (pid: number): HttpHandler =>
    ({ query }) => {
      asked.push(`${pid}: ${query}`);
      const from = query.get('from');
      if (from === null) return textAnswer(`cost for ${pid}`);
      const headers = { 'X-Heapray-Snapshot-Bytes': `${text.length}` };
      const body = text.slice(Number(from), Number(from) + 10);
      return { type: 'application/octet-stream', body, headers };
    };
  const path = '/debug/heapsnapshot';
  const routes = debugRoutes({
    own: pagesOf(1, { [path]: snapshot(1) }),
    self: () => ({ pid: 1, component: 'shop' }),
    group: {
      members: [memberOf(2, pagesOf(2, { [path]: snapshot(2) }))],
      isShared: true,
      rejoined: Promise.resolve(),
    },
    missed: () => {},
  });
  const get = async (query: string) =>
    routes.get(path)!({
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      client: 'test',
      acceptsGzip: false,
      authorization: undefined,
      ifNoneMatch: undefined,
      signal: NEVER,
    });
  expect((await get('')).body).toBe('cost for 1');
  expect((await get('pid=2')).body).toBe('cost for 2');
  const { stream, headers } = await get('pid=2&confirm=x');
  expect(headers).toEqual({ 'Content-Disposition': 'attachment; filename="2.heapsnapshot"' });
  const parts: Uint8Array[] = [];
  for await (const piece of stream!.pieces) parts.push(piece);
  expect(Buffer.concat(parts).toString()).toBe(text);
  expect(stream!.bytes).toBe(text.length);
  expect(asked.slice(2)).toEqual(['2: confirm=x&from=0', '2: confirm=x&from=10', '2: confirm=x&from=20']);
  await expect(get('pid=3&confirm=x')).rejects.toThrow('expected one of 1, 2');
});

test.each([
  [HEAP, 'pid=2'],
  ['/debug/ui/profile.json', 'component=2'],
  ['/debug/ui/diff.json', 'component=2&other=1'],
])('%s finds a process by its id when it joins a new owner late', async (path, query) => {
  const members: Member[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const answering = new Group(members, true, promise).get(path, query);
  members.push(memberOf(2, pagesOf(2)));
  resolve();
  expect((await answering).status ?? 200).toBe(200);
});
