import { closeSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { TemporaryFile } from '../../src/outputs/temporary-file.js';

test('keeps files of a running process whose start is unknown, and removes those of an earlier one', () => {
  const folder = tempFolder();
  const create = (): TemporaryFile => {
    const file = new TemporaryFile(path.join(folder, 'a.pb'), 0o600);
    closeSync(file.descriptor);
    return file;
  };
  const first = create();
  const [own] = readdirSync(folder);
  const start = /-(\d+)-[0-9a-f]{8}\.tmp$/.exec(own!)![1]!;
  const named = (otherStart: string) => own!.replace(`-${start}-`, `-${otherStart}-`);
  for (const each of ['0', '1']) writeFileSync(path.join(folder, named(each)), '');
  const second = create();
  const names = readdirSync(folder);
  expect(names).toContain(own);
  expect(names).toContain(named('0'));
  expect(names).not.toContain(named('1'));
  first.remove();
  second.remove();
});
