import type { ProfilerThreadOptions } from '../protocol/messages.js';
import { NOT_ALLOWED } from './live-viewing.js';
import type { ProfileProviderDeps } from './profile-provider.js';

export type ProfileServerOptions = Pick<
  ProfilerThreadOptions,
  'debugAddress' | 'debugServerDelayMillis' | 'allowGc' | 'mayListen'
>;

/** The debug server, if it is enabled. Its code is loaded only then. */
export class ProfileServer {
  readonly #options: ProfileServerOptions;
  #server: { close(): void } | undefined;
  #isClosed = false;

  constructor(options: ProfileServerOptions) {
    this.#options = options;
  }

  /**
   * Starts to serve.
   *
   * @returns its address; undefined when it is disabled, or was closed meanwhile
   * @throws (rejects) when the address cannot be used
   */
  async start(deps: ProfileProviderDeps): Promise<string | undefined> {
    const { debugAddress, debugServerDelayMillis, allowGc, mayListen } = this.#options;
    if (!debugAddress) return undefined;
    if (!mayListen) throw new Error(NOT_ALLOWED);
    if (debugServerDelayMillis > 0)
      await new Promise<void>((resolve) => setTimeout(resolve, debugServerDelayMillis).unref());
    const [{ startDebugServer }, { profileProvider }] = await Promise.all([
      import('./server/debug-server.js'),
      import('./profile-provider.js'),
    ]);
    const server = await startDebugServer(debugAddress, profileProvider(deps), { allowGc });
    if (this.#isClosed) {
      server.close();
      return undefined;
    }
    this.#server = server;
    return server.address;
  }

  /** Closes it for good. */
  close(): void {
    this.#isClosed = true;
    this.#server?.close();
  }
}
