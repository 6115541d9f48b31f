import { expect, test } from 'vitest';
import { mountedPath } from '../../../src/main-thread/exports/mounted-path.js';

test.each([
  // Without a mount path, and with one that the framework has removed.
  ['/', undefined, '/debug/pprof/'],
  ['/heap', undefined, '/debug/pprof/heap'],
  ['/', '/admin/memory/', '/debug/pprof/'],
  ['/heap', '/admin/memory/heap', '/debug/pprof/heap'],
  ['/ui', '/admin/memory/ui', '/debug/ui'],
  ['/ui/page.js', '/admin/memory/ui/page.js', '/debug/ui/page.js'],
  ['/ui//debug/pprof/heap', '/admin/memory/ui//debug/pprof/heap', '/debug/pprof/heap'],
  // With a mount path that is still there.
  ['/debug/pprof/', undefined, '/debug/pprof/'],
  ['/debug/pprof/leak', undefined, '/debug/pprof/leak'],
  ['/debug/pprof/ui', undefined, '/debug/ui'],
  ['/admin/memory/ui/overview.json', undefined, '/debug/ui/overview.json'],
])('the path %s (before mounting: %s) is for %s', (path, original, page) => {
  expect(mountedPath(path, original)).toEqual({ path: page });
});

test.each([
  ['/', '/admin/memory', 'memory/'],
  ['/debug/pprof', undefined, 'pprof/'],
  ['/admin/memory/ui/', undefined, '../ui'],
])('the client of %s (before mounting: %s) is sent to %s', (path, original, redirect) => {
  expect(mountedPath(path, original)).toEqual({ redirect });
});

test.each(['/cpu', '/heap/x', '/debug/pprof/goroutine', '/ui/secret.js', '/uix'])('%s is no page', (path) => {
  expect(mountedPath(path)).toEqual({});
});
