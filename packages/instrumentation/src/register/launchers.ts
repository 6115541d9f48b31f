import path from 'node:path';

/** Node programs that only start other programs; as processes they would take the ports of the one that matters. */
const LAUNCHER =
  /^(?:(?:npm|npx)(?:-cli)?|(?:yarn|yarnpkg|pnpm|pnpx|corepack)(?:-[\d.]+)?|nodemon|tsx|cross-env|concurrently)(?:\.[cm]?js)?$/;

/** Whether a Node process with this main script is not what somebody wants to profile. */
export function isLauncher(mainScript: string | undefined): boolean {
  return mainScript !== undefined && LAUNCHER.test(path.basename(mainScript));
}
