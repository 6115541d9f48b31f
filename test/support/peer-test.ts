// Tests that need a peer. In continuous integration a missing peer fails them; elsewhere they are skipped, with
// a line that gives the reason.
import { describe, test } from 'vitest';
import { whyMissing } from './manifest.js';
import type { MemrayVersion, NodeLine } from './peers.js';
import type { ProjectName } from './projects.js';

export type Peer =
  | `memray-${MemrayVersion}`
  | `node-${NodeLine}`
  | `project-${ProjectName}`
  | `project-${ProjectName}-reduced`
  | 'prometheus'
  | 'promtool'
  | 'collector'
  | 'lz4'
  | 'go-pprof'
  | 'google-pprof'
  | 'opentelemetry-proto'
  | 'binutils'
  | 'jemalloc'
  | 'g++'
  | 'chromium';

type Peers = Peer | readonly Peer[];

const STRICT = Boolean(process.env.CI) && process.env.CI !== 'false';

/** Runs a test only if all its peers are present. */
export function peerTest(
  name: string,
  peers: Peers,
  body: () => void | Promise<void>,
  timeoutMillis?: number,
): void {
  const why = missing(peers);
  if (why === undefined) test(name, body, timeoutMillis);
  else reportMissing(name, why);
}

/** Runs a group of tests only if all its peers are present. */
export function describeWithPeer(name: string, peers: Peers, body: () => void): void {
  const why = missing(peers);
  if (why === undefined) describe(name, body);
  else describe(name, () => reportMissing(name, why));
}

function missing(peers: Peers): string | undefined {
  const wanted = typeof peers === 'string' ? [peers] : peers;
  const reasons = wanted.flatMap((peer) => {
    const why = whyMissing(peer);
    return why === undefined ? [] : [`${peer}: ${why}`];
  });
  return reasons.length === 0 ? undefined : reasons.join('; ');
}

function reportMissing(name: string, why: string): void {
  if (STRICT) {
    test(name, () => {
      throw new Error(`a peer is missing: ${why}`);
    });
    return;
  }
  process.stderr.write(`SKIPPED, a peer is missing: ${name} (${why})\n`);
  test.skip(`${name} (missing: ${why})`); // Only without CI=true, after a loud line: with it, a missing peer fails.
}
