import type { HttpError } from './http-error.js';

/** A profile that can be fetched. */
export interface ProfilePage {
  /** Last part of the path: `/debug/pprof/<name>`. */
  readonly name: string;
  /** Column that viewers display first. */
  readonly defaultColumn: string;
  /** Content of the profile, for the index page. */
  readonly summary: string;
  /** True if the page accepts `gc`, `seconds`, `since` and `until`, and has a text form. */
  readonly changes: boolean;
}

/** Makes the profiles that a server returns. */
export interface ProfileSource {
  /** Subject of the profiles, for the index page. */
  readonly title: string;
  readonly pages: readonly ProfilePage[];
  /** Returns the names of the profiled components. Undefined where there is only one. */
  components?(): readonly string[];
  /** Returns the processes that the parameter `pid` selects, for the index page. */
  processes?(): readonly { readonly pid: number; readonly component: string }[];
  /** Additional HTML for the index page. */
  readonly notes: string;
  /** Query parameters that this source does not support, with the reason. */
  readonly unsupported: Readonly<Partial<Record<'gc' | 'since' | 'debug', HttpError>>>;
  /**
   * Rejects a query that cannot be answered now. Also called for HEAD, for which no profile is made.
   *
   * @throws HttpError when the query cannot be answered
   */
  check?(query: ProfileQuery): void;
  /**
   * Returns a gzipped pprof profile.
   *
   * @throws HttpError (rejects) when there is none
   */
  pprof(query: ProfileQuery): Promise<Uint8Array>;
  /** Returns the heap by call site as plain text, for `debug=1`. Absent where that is unsupported. */
  text?(query: ProfileQuery): Promise<string>;
}

/** The checked query of a request for a profile. */
export interface ProfileQuery {
  /** Name of the profile, e.g. `heap`. */
  readonly name: string;
  readonly defaultColumn: string;
  /** One of the source's components; undefined where the source has none. */
  readonly component: string | undefined;
  /** True if the client wants text instead of pprof. */
  readonly asText: boolean;
  /** True if garbage is to be collected first. */
  readonly collectFirst: boolean;
  /** Length of the time to cover from now, in seconds; undefined unless requested. */
  readonly seconds: number | undefined;
  /** Start and end of a past time to cover, in seconds ago; undefined unless requested. */
  readonly past: { readonly since: number; readonly until: number } | undefined;
  /** True if frames without an address are to have one, see `EncodePprofOptions`. Default: false. */
  readonly addresses?: boolean | undefined;
  /** Identifies a client as far as possible. */
  readonly client: string;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}
