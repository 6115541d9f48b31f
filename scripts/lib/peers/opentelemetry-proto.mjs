// The Python package opentelemetry-proto, which has OTLP's own schema, in a Python environment of its own.
import path from 'node:path';
import { digest, PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

/** @param packages the package and what it needs, with versions */
export function openTelemetryProtoPeer(packages) {
  const folder = path.join(PEERS, 'opentelemetry-proto');
  const python = path.join(folder, 'bin', 'python');
  return {
    name: 'opentelemetry-proto',
    bring: async () => {
      const machine = await run('python3', ['-c', 'import sys; print(sys.version, sys.base_prefix)']);
      // The environment's scripts contain the absolute path of their interpreter: a moved checkout needs new ones.
      await makeFolder(folder, digest([`${packages} in ${folder}`, machine]), async () => {
        await run('python3', ['-m', 'venv', folder]);
        await run(python, ['-m', 'pip', 'install', '--quiet', '--no-compile', ...packages]);
      });
      return python;
    },
  };
}
