// Only one process prepares a checkout at a time, also after killed runs.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../support/run-command.js';
import { startNode } from '../support/start-node.js';
import { tempFolder } from '../support/temp-folder.js';
import { scriptPath } from './script.js';

const LOCK = scriptPath('bootstrap-lock.mjs');

/** Returns the command of a program that takes the lock of the folder and then does `work`. */
function holder(folder: string, work: string): readonly string[] {
  const code = `
    import fs from 'node:fs';
    import { setTimeout as delay } from 'node:timers/promises';
    import { withBootstrapLock } from ${JSON.stringify(LOCK)};
    await withBootstrapLock(async () => { ${work} }, ${JSON.stringify(folder)});`;
  return ['--input-type=module', '-e', code];
}

/** Writes claims of processes that cannot be alive. */
function leave(folder: string, ...claims: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const claim of claims) writeFileSync(path.join(folder, claim), '');
}

test('one of many processes works at a time, also after a killed run has left its claim', async () => {
  const folder = path.join(tempFolder(), 'preparing');
  leave(folder, `${2 ** 30}-17`, 'no process');
  // A folder can be made by one process only.
  const busy = JSON.stringify(path.join(tempFolder(), 'busy'));
  const work = `fs.mkdirSync(${busy}); await delay(20); fs.rmdirSync(${busy});`;
  const runs = Array.from({ length: 6 }, () => runCommand(process.execPath, holder(folder, work)));
  for (const run of await Promise.all(runs)) expect(run).toMatchObject({ status: 0, stdout: '' });
  expect(readdirSync(folder)).toEqual([]);
});

test('a process with the reused pid of a killed run is not mistaken for it', async () => {
  const folder = path.join(tempFolder(), 'preparing');
  leave(folder, `${process.pid}-17`);
  const own = `fs.writeFileSync(${JSON.stringify(folder)} + '/' + process.pid + '-17', '');`;
  const [flag, eval_, code = ''] = holder(folder, "console.log('worked')");
  const begin = code.indexOf('await withBootstrapLock');
  const args = [flag!, eval_!, `${code.slice(0, begin)} ${own} ${code.slice(begin)}`];
  expect(await runCommand(process.execPath, args)).toMatchObject({ status: 0, stdout: 'worked\n' });
});

test('a second process waits, names the first, and continues when the first is killed', async () => {
  const folder = path.join(tempFolder(), 'preparing');
  const first = startNode({
    args: holder(folder, "console.log('working'); setInterval(() => {}, 1000); await new Promise(() => {})"),
  });
  await first.waitForOutput(/working/);
  const second = startNode({ args: holder(folder, "console.log('my turn')") });
  await second.waitForOutput(new RegExp(`process ${first.pid} is preparing .*preparing/${first.pid}-`));
  expect(second.stdout).toBe('');
  await first.kill();
  await second.waitForOutput(/my turn/);
});
