// `go tool pprof`, which judges the pprof profiles. Newer Go builds the tool at its first use, which takes
// half a minute: that happens here and not in a test. Every time, because Go drops what it has built from its
// cache after some days, and a machine may keep ours but not Go's; when it is built this takes no time.
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
