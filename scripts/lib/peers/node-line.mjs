// The Node versions of the test matrix, each from the `node` package in a folder of its own.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { NODE, nestedNpmEnv, PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

/** Returns a line of Node at an exact version; without a version, the pinned Node. */
export function nodePeer(line, version) {
  const folder = path.join(PEERS, `node-${version}`);
  return {
    name: `node-${line}`,
    bring: async () => {
      if (version === undefined) return NODE;
      await makeFolder(folder, version, () => installNode(folder, version));
      return path.join(folder, 'node_modules', 'node', 'bin', 'node');
    },
  };
}

async function installNode(folder, version) {
  const manifest = { private: true, dependencies: { node: version } };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, { cwd: folder, env: nestedNpmEnv() });
}
