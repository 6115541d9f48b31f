// The main script of a command line.
import { describe, expect, test } from 'vitest';
import { mainScriptOf } from '../../src/run/main-script.js';

describe('the main script of', () => {
  test.each<[string[], string]>([
    [['node', 'server.js', '--port', '80'], 'server.js'],
    [['/usr/bin/node', '--inspect', '-r', './setup.js', '--import', 'tsx', 'server.ts'], 'server.ts'],
    [['node.exe', '--', 'server.js'], 'server.js'],
    [['node', '-e', '1'], '1'],
    [['node'], 'node'],
    [['npm', 'start'], 'npm'],
    [['./bin/serve', 'a.js'], './bin/serve'],
  ])('%j', ([command, ...args], script) => {
    expect(mainScriptOf(command!, args)).toBe(script);
  });
});
