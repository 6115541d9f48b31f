import type { LiveStream } from './captures/live-stream.js';
import type { RecordFeedOptions } from './captures/record-feed.js';
import type { FollowedSources } from './captures/source-follower.js';
import type { Viewer, ViewerServer } from './server/viewer-server.js';
import type { ProfilerStats } from './stats/profiler-stats.js';

export interface LiveViewingDeps {
  readonly sources: FollowedSources;
  readonly stats: ProfilerStats;
  /** Attributes what is still pending. */
  readonly attribute: () => void;
  readonly log: (level: 'debug' | 'info' | 'error', text: string) => void;
}

/** Maximum bytes buffered for a viewer that does not keep up. */
const MAX_PENDING_BYTES = 4 * 2 ** 20;
/** Error text when Node's permission model forbids listening. */
export const NOT_ALLOWED = 'Node was started without --allow-net';

/** Longest time for sending the end of the stream, in ms. */
const LAST_BYTES_MILLIS = 300;

/**
 * Serves `memray live`. Creates the stream when a viewer connects and drops it when the viewer leaves; until
 * then the cost is an open port and the loaded writer. (`ProfilerThreadOptions.traced` decides how often this process
 * is sampled and polled, from the start.)
 */
export class LiveViewing {
  readonly #deps: LiveViewingDeps;
  readonly #options: RecordFeedOptions;
  #server: ViewerServer | undefined;
  #viewer: Viewer | undefined;
  #stream: LiveStream | undefined;
  #ended = false;

  constructor(deps: LiveViewingDeps, options: RecordFeedOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** True while a viewer is connected. */
  get active(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Listens on the loopback port; logs and counts a failure.
   *
   * @param mayListen true if Node's permission model allows it
   */
  async start(port: number, mayListen: boolean): Promise<void> {
    const { stats, log } = this.#deps;
    try {
      if (!mayListen) throw new Error(NOT_ALLOWED);
      const [{ startViewerServer }, { LiveStream }] = await Promise.all([
        import('./server/viewer-server.js'),
        import('./captures/live-stream.js'),
      ]);
      const server = await startViewerServer(port, {
        connected: (viewer) => this.#connected(viewer, LiveStream),
        drained: () => this.flush(),
        disconnected: () => this.#disconnected(),
      });
      if (this.#ended) return server.close();
      this.#server = server;
      log('info', `memray may watch: memray live ${port}`);
    } catch (error) {
      stats.drop('live_port');
      log('error', `memray live: cannot listen on port ${port}: ${(error as Error).message}`);
    }
  }

  /** Writes the events of the last poll. */
  flush(): void {
    this.#guard(() => this.#stream?.flush());
  }

  /** Ends the stream; resolves when it is sent or has taken too long. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#server?.close();
    this.#guard(() => this.#stream?.finish());
    this.#stream = undefined;
    await this.#viewer?.end(LAST_BYTES_MILLIS);
  }

  #connected(viewer: Viewer, Stream: typeof LiveStream): void {
    const { sources, stats, attribute, log } = this.#deps;
    if (this.#ended) return void viewer.end(0);
    this.#viewer = viewer;
    this.#guard(() => {
      // Attribute pending allocations first: they were made before the viewer connected.
      attribute();
      const onDropped = (events: number) => stats.drop('live_viewer', events);
      this.#stream = new Stream(
        sources,
        { ...this.#options, maxPendingBytes: MAX_PENDING_BYTES, onDropped },
        viewer,
      );
    });
    log('debug', 'a viewer of the live stream has come');
  }

  #disconnected(): void {
    this.#stream?.abandon();
    this.#stream = undefined;
    this.#viewer = undefined;
    this.#deps.log('debug', 'the viewer of the live stream has gone');
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#deps.stats.drop('live_viewer');
      this.#deps.log('error', `live stream given up: ${(error as Error).message}`);
      this.#stream?.abandon();
      this.#stream = undefined;
      void this.#viewer?.end(0);
    }
  }
}
