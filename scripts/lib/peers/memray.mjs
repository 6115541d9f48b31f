// memray, which reads our captures: each version in a Python environment of its own.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { digest, PEERS, ROOT } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

const CONSTRAINTS = path.join(ROOT, 'test', 'peers', 'memray-constraints.txt');

let python;

/** Returns a description of the machine's Python. An environment works only with the Python that made it. */
function describePython() {
  python ??= run('python3', ['-c', 'import sys; print(sys.version, sys.base_prefix)']);
  return python;
}

export function memrayPeer(version) {
  const folder = path.join(PEERS, `memray-${version}`);
  return {
    name: `memray-${version}`,
    bring: async () => {
      // The environment's scripts contain the absolute path of their interpreter: a moved checkout needs new ones.
      const place = `${version} in ${folder}`;
      const key = digest([place, await describePython(), readFileSync(CONSTRAINTS, 'utf8')]);
      await makeFolder(folder, key, () => installMemray(folder, version));
      return path.join(folder, 'bin', 'memray');
    },
  };
}

async function installMemray(folder, version) {
  await run('python3', ['-m', 'venv', folder]);
  const python = path.join(folder, 'bin', 'python');
  await run(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-compile',
    '-c',
    CONSTRAINTS,
    `memray==${version}`,
  ]);
}
