import type { ProfilerThreadOptions } from '../protocol/messages.js';
import type { MemoryHistory } from './history/memory-history.js';
import type { HistoryRecorderDeps } from './history-recorder.js';
import { NOT_ALLOWED } from './live-viewing.js';
import type { ProfileProviderDeps } from './profile-provider.js';
import type { AllLeaks } from './sources/all-leaks.js';

export type ProfileServerOptions = Pick<
  ProfilerThreadOptions,
  'debugAddress' | 'debugServerDelayMillis' | 'allowGc' | 'mayListen'
>;

export interface ServerDeps extends Omit<ProfileProviderDeps, 'history'>, HistoryRecorderDeps {
  readonly loop: ProfileProviderDeps['loop'] & HistoryRecorderDeps['loop'];
  readonly leaks: AllLeaks;
  readonly stats: ProfileProviderDeps['stats'] & HistoryRecorderDeps['stats'];
}

/** The debug server, if it is enabled. Its code is loaded only then. */
export class ProfileServer {
  readonly #options: ProfileServerOptions;
  #server: { close(): void } | undefined;
  #recorder: { stop(): void } | undefined;
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
  async start(deps: ServerDeps): Promise<string | undefined> {
    const { debugAddress, debugServerDelayMillis, allowGc, mayListen } = this.#options;
    if (!debugAddress) return undefined;
    if (!mayListen) throw new Error(NOT_ALLOWED);
    if (debugServerDelayMillis > 0)
      await new Promise<void>((resolve) => setTimeout(resolve, debugServerDelayMillis).unref());
    const [{ startDebugServer }, { profileProvider }, { HistoryRecorder }] = await Promise.all([
      import('./server/debug-server.js'),
      import('./profile-provider.js'),
      import('./history-recorder.js'),
    ]);
    let recorder: { stop(): void; readonly history: MemoryHistory } | undefined;
    const provider = profileProvider({ ...deps, history: () => recorder?.history });
    const server = await startDebugServer(debugAddress, provider, { allowGc });
    if (this.#isClosed) {
      server.close();
      return undefined;
    }
    recorder = new HistoryRecorder(deps);
    this.#recorder = recorder;
    this.#server = server;
    return server.address;
  }

  /** Closes it for good. */
  close(): void {
    this.#isClosed = true;
    this.#recorder?.stop();
    this.#server?.close();
  }
}
