// `go tool pprof`, which reads our pprof profiles. Newer Go builds the tool at its first use, which takes
// half a minute, so build it here and not in a test. Build in every run, because Go removes old builds from its
// cache after some days, and a machine may keep our cache but not Go's. A finished build takes no time.
import { run } from '../run-command.mjs';

export function goPprofPeer() {
  return {
    name: 'go-pprof',
    bring: async () => {
      await run('go', ['tool', 'pprof', '-h']);
      return 'go';
    },
  };
}
