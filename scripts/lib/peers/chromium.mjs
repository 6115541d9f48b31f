// The browser that the page is tried in: Debian's. Taken from the path. It has hundreds of dependencies, so it is installed and
// not unpacked like other peers, and only where `CI=true` asks for all peers and there are the rights to install it.
import { run } from '../run-command.mjs';
import { STRICT } from '../tally.mjs';
import { findOnPath } from './debian.mjs';

const NAME = 'chromium';

export function chromiumPeer() {
  return {
    name: NAME,
    bring: async () => {
      if (findOnPath(NAME) === undefined && STRICT && process.getuid?.() === 0) await install();
      const found = findOnPath(NAME);
      if (found === undefined)
        throw new Error(`${NAME} is not on the path: install Debian's package ${NAME}`);
      return found;
    },
  };
}

async function install() {
  const command = ['-y', '-q', '--no-install-recommends', 'install', NAME];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', command, { env });
  } catch {
    // The package list is missing or old.
    await run('apt-get', ['-q', 'update'], { env });
    await run('apt-get', command, { env });
  }
}
