// The OpenTelemetry Collector with what the tests and the fleet use, built from test/peers/collector: no registry has it built.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { digest, note, PEERS, ROOT } from '../bootstrap.mjs';
import { run } from '../run-command.mjs';
import { isComplete, makeFolder } from '../stamped-folder.mjs';

const SOURCE = path.join(ROOT, 'test', 'peers', 'collector');
const HALF_AN_HOUR = 1_800_000;
/**
 * Modules that are compiled without optimization, in two thirds of the time. Go's own packages are not, so that other builds can
 * use them.
 */
const MODULES = ['github.com', 'go.opentelemetry.io', 'go.uber.org', 'google.golang.org', 'golang.org'];

export function collectorPeer() {
  const folder = path.join(PEERS, 'collector');
  return {
    name: 'collector',
    bring: async () => {
      const entries = readdirSync(SOURCE, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      const key = digest(files.map((entry) => path.join(entry.parentPath, entry.name)).sort());
      if (!isComplete(folder, key))
        note('building the OpenTelemetry Collector, which takes some minutes once');
      await makeFolder(folder, key, build);
      return path.join(folder, 'collector');
    },
  };
}

async function build(folder) {
  const flags = MODULES.map((name) => `-gcflags=${name}/...=-N -l -dwarf=false`);
  const args = ['build', ...flags, '-ldflags=-s -w', '-o', path.join(folder, 'collector'), '.'];
  await run('go', args, { cwd: SOURCE, timeoutMillis: HALF_AN_HOUR });
}
