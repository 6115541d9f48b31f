// Names of captures depend only on the given paths and their own path.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { findCaptures } from '../../../src/watch/follow/capture-finder.js';

function folderWith(...names: string[]): string {
  const folder = tempFolder();
  for (const name of names) writeFileSync(path.join(folder, name), '');
  return folder;
}

async function namesAt(...paths: string[]): Promise<string[]> {
  return (await findCaptures(paths)).captures.map(({ component }) => component).sort();
}

describe('two folders', () => {
  test('names do not depend on which capture exists first, or on removals', async () => {
    const [a, b] = [folderWith(), folderWith('scheduler_memory.bin')];
    const nameOfB = `scheduler@${b}`;
    expect(await namesAt(a, b)).toEqual([nameOfB]);
    writeFileSync(path.join(a, 'scheduler_memory.bin'), '');
    expect(await namesAt(a, b)).toEqual(['scheduler', nameOfB]);
    rmSync(path.join(b, 'scheduler_memory.bin'));
    expect(await namesAt(a, b)).toEqual(['scheduler']);
  });

  test('names of the second folder do not depend on possible captures of the first', async () => {
    const [a, b] = [folderWith('scheduler_memory.bin'), folderWith('api_memory.bin')];
    expect(await namesAt(a, b)).toEqual([`api@${b}`, 'scheduler']);
  });

  test('one folder given twice counts once', async () => {
    const a = folderWith('scheduler_memory.bin');
    expect(await namesAt(a, `${a}/.`, path.join(a, 'scheduler_memory.bin'))).toEqual(['scheduler']);
  });

  test('a folder that does not exist yet keeps its position', async () => {
    const parent = tempFolder();
    const [a, b] = [path.join(parent, 'a'), folderWith('api_memory.bin')];
    expect(await namesAt(a, b)).toEqual([`api@${b}`]);
    mkdirSync(a);
    writeFileSync(path.join(a, 'api_memory.bin'), '');
    expect(await namesAt(a, b)).toEqual(['api', `api@${b}`]);
  });
});

describe('files', () => {
  test('with different names need no folder in them', async () => {
    const [a, b] = [folderWith('scheduler_memory.bin'), folderWith('api_memory.bin')];
    const files = [path.join(a, 'scheduler_memory.bin'), path.join(b, 'api_memory.bin')];
    expect(await namesAt(...files)).toEqual(['api', 'scheduler']);
  });

  test('with equal names are distinguished, whether they exist or not', async () => {
    const [a, b] = [folderWith(), folderWith('x_memory.bin')];
    const files = [path.join(a, 'x_memory.bin'), path.join(b, 'x_memory.bin'), path.join(b, 'x.bin')];
    const expected = ['x', `x@${b}`, `x@${files[2]}`];
    expect(await namesAt(...files)).toEqual(expected);
    writeFileSync(files[0]!, '');
    writeFileSync(files[2]!, '');
    expect(await namesAt(...files)).toEqual(expected);
  });

  test('a file that is also in a given folder has the name it has there', async () => {
    const a = folderWith('x_memory.bin', 'x.bin');
    const file = path.join(a, 'x_memory.bin');
    expect(await namesAt(a, file, path.join(a, 'x.bin'))).toEqual(['x', `x@${path.join(a, 'x.bin')}`]);
    rmSync(file);
    expect(await namesAt(a, file)).toEqual(['x']);
  });
});

test('all names are distinct for any paths', async () => {
  const a = folderWith('x_memory.bin', 'x.bin');
  const b = path.join(tempFolder(), 'x.bin');
  mkdirSync(b);
  writeFileSync(path.join(b, 'x_memory.bin'), '');
  writeFileSync(path.join(b, 'y_memory.bin'), '');
  const given = [path.join(a, 'x.bin'), b, a, path.join(b, 'y_memory.bin')];
  const names = await namesAt(...given);
  expect(names).toHaveLength(4);
  expect(new Set(names).size).toBe(4);
});

test('reports folders without a capture, and paths that cannot be searched', async () => {
  const folder = folderWith('scheduler.bin', '.hidden_memory.bin');
  const { captures, emptyFolders, problems } = await findCaptures([folder, '/nowhere/at/all']);
  expect(captures).toEqual([]);
  expect(emptyFolders).toEqual([folder]);
  expect(problems).toEqual(['/nowhere/at/all: no such file or directory']);
});
