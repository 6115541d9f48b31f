import type { PackedProfile } from '@heapray/exporter/profile';

/** Kinds of profiles, named as the pages of `/debug/pprof`. */
export const PROFILE_TYPES = ['heap', 'allocs', 'peak'] as const;
export type ProfileType = (typeof PROFILE_TYPES)[number];

/** Longest time that a profile of a change may cover, in seconds. */
export const MAX_PROFILE_SECONDS = 600;

/** A profile that the main thread asks for. */
export interface WantedProfile {
  readonly type: ProfileType;
  /** Length of the time to cover from now, in seconds; undefined for all since the start. */
  readonly seconds: number | undefined;
}

/** A profile, or the reason why there is none. */
export interface MadeProfile {
  readonly profile?: PackedProfile | undefined;
  readonly problem?: string | undefined;
}

/** A request for a page that the application received and passes on. */
export interface PageQuestion {
  readonly method: 'GET' | 'HEAD';
  /** Path as the debug server knows it. */
  readonly path: string;
  /** Query without the question mark. */
  readonly query: string;
  readonly acceptsGzip: boolean;
  readonly ifNoneMatch: string | undefined;
}

/** The answer to it. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for an answer without a body. */
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}
