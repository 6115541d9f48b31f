// github.com/google/pprof, the origin of `go tool pprof`: it uses addr2line for the names of machine code.
import path from 'node:path';
import { PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

export function googlePprofPeer(version) {
  const folder = path.join(PEERS, 'google-pprof');
  return {
    name: 'google-pprof',
    bring: async () => {
      await makeFolder(folder, version, (target) =>
        run('go', ['install', `github.com/google/pprof@${version}`], {
          env: { ...process.env, GOBIN: target },
        }),
      );
      return path.join(folder, 'pprof');
    },
  };
}
