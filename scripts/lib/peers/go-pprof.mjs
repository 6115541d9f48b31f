// `go tool pprof`, which judges the pprof profiles. Newer Go builds the tool at its first use, which takes
// half a minute: that happens here and not in a test.
import path from 'node:path';
import { PEERS } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { makeFolder } from '../stamped-folder.mjs';

export function goPprofPeer() {
  return {
    name: 'go-pprof',
    bring: async () => {
      const version = (await run('go', ['version'])).trim().split(' ')[2];
      const folder = path.join(PEERS, `go-pprof-${version}`);
      await makeFolder(folder, version, () => run('go', ['tool', 'pprof', '-h']));
      return 'go';
    },
  };
}
