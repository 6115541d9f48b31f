// The browser that the page is tried in. Its package has hundreds of dependencies, so it is not brought: it must be installed.
import { findOnPath } from './debian.mjs';

export function chromiumPeer() {
  return {
    name: 'chromium',
    bring: async () => {
      const found = findOnPath('chromium');
      if (found === undefined)
        throw new Error("there is no chromium on the path: install Debian's package chromium");
      return found;
    },
  };
}
