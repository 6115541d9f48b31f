import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { filePath } from '../../src/call-sites/file-name.js';

test
  .skipIf(process.platform === 'win32')
  .each([
    'file:///srv/app/node_modules/@scope/pkg+1@2.0/index-a_b~c.js',
    'file:///srv/app/../x.js',
    'file:///srv/./x.js',
    'file:///srv/.hidden/x.js',
    'file:///srv/x.',
    'file:////srv//x.js',
    'file:///srv/a%20b/%7Ex.js',
    'file:///srv/x.js?v=1#part',
    'file:///srv/größe.js',
    'file:///srv/a b\\c.js',
    'file:///srv/[id]/{x}.js',
    'FILE:///srv/x.js',
    'file://localhost/srv/x.js',
  ])('the path of %s is that of its URL', (url) => {
  expect(filePath(url)).toBe(fileURLToPath(url));
});

test.each(['node:fs', '[eval]', '/srv/x.js?v=1', 'file://host/share/x.js', 'file:///srv/a%2Fb.js', ''])(
  '%s, which is no path of this machine as a URL, stays',
  (name) => {
    expect(filePath(name)).toBe(name);
  },
);
