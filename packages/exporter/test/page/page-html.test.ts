// One HTML file: complete, closed to the outside, and safe for any name.

import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readModel } from '../../page/model/model.js';
import { makePageData, type PageData, pageHtml } from '../../src/page/index.js';
import { ProfileBuilder, type StackHandle } from '../../src/profile/index.js';

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<!--<script>',
  '"><img src=x onerror=alert(1)>',
  'line\u2028separator\u2029',
  '\ud800',
  '__proto__',
];

function hostileData(): PageData {
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
    comments: HOSTILE,
  });
  for (const text of HOSTILE) {
    const stack = builder.stack(undefined, builder.frame(text, text, 1));
    builder.add(stack, [1], builder.labels({ package: text }));
  }
  return makePageData([{ profile: builder.build(), name: HOSTILE[0]! }]);
}

/** Returns the text of the elements of this name, as a browser sees it: up to the first end tag. */
function contentsOf(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<${name}[^>]*>(.*?)</${name}`, 'gs'))].map(([, text]) => text!);
}

test('no name can end its element', () => {
  const data = hostileData();
  const html = pageHtml(data);
  const [json, script, ...more] = contentsOf(html, 'script');
  expect(more).toEqual([]);
  expect(JSON.parse(json!)).toEqual(data);
  expect(json).not.toMatch(/[<\u2028\u2029]/);
  expect(readModel(json!).functions.map(({ name }) => name)).toEqual(HOSTILE);
  expect(script).toContain('d3-flame-graph');
  expect(contentsOf(html, 'title')).toEqual(['&lt;/script>&lt;script>alert(1)&lt;/script> - heapray']);
});

test('its policy allows its own script and style only, and no request', () => {
  const html = pageHtml(hostileData());
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1]!;
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  expect(policy.split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${hash(contentsOf(html, 'script')[1]!)}`,
    `style-src ${hash(contentsOf(html, 'style')[0]!)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(html).not.toMatch(/<(?:link|script|img|iframe)[^>]*(?:src|href)="(?!data:)/);
});

test('a page without data stays below 1 MiB, and 50,000 nodes take at most 40 bytes each', () => {
  const builder = new ProfileBuilder({
    columns: ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'].map((type) => {
      return { type, unit: type.endsWith('space') ? 'bytes' : 'count' };
    }),
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const frames = Array.from({ length: 2000 }, (_, at) =>
    builder.frame(`function${at}`, `/app/file${at % 90}.js`, at + 1),
  );
  let stacks: (StackHandle | undefined)[] = [undefined];
  for (let level = 0; level < 25; level++) {
    const next = frames.map((frame, at) => builder.stack(stacks[at >> 1] ?? stacks[0], frame));
    for (const stack of next) builder.add(stack, [20, 123_456, 3, 65_536]);
    stacks = next;
  }
  const data = makePageData([{ profile: builder.build(), name: 'large' }]);
  expect(data.tree.callers.length).toBe(50_000);
  const html = pageHtml(data);
  const json = JSON.stringify(data);
  expect(html.length - json.length).toBeLessThan(2 ** 20);
  expect(json.length / data.tree.callers.length).toBeLessThan(40);
});

test('hides folders when asked', () => {
  const builder = new ProfileBuilder({
    columns: [{ type: 'space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  builder.add(builder.stack(undefined, builder.frame('f', '/srv/secret/a.js', 1)), [1]);
  const data = makePageData([{ profile: builder.build(), name: 'x' }]);
  expect(pageHtml(data)).toContain('/srv/secret/a.js');
  expect(pageHtml(data, { hideSourcePaths: true })).not.toContain('secret');
});
