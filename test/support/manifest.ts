// Finds the peers that the bootstrap (scripts/lib/bring-peers.mjs) has brought.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Entry = { where: string } | { missing: string };

const FILE = fileURLToPath(new URL('../../.cache/peers/manifest.json', import.meta.url));

/** Returns the path of a peer; throws with the reason if it is missing. */
export function placeOf(peer: string): string {
  const entry = entryOf(peer);
  if ('where' in entry) return entry.where;
  throw new Error(`${peer} is not available: ${entry.missing}`);
}

/** Returns the reason why a peer is missing; undefined if it is not. */
export function whyMissing(peer: string): string | undefined {
  const entry = entryOf(peer);
  return 'missing' in entry ? entry.missing : undefined;
}

function entryOf(peer: string): Entry {
  if (!existsSync(FILE)) return { missing: 'nothing was brought yet, run `npm test` once' };
  const manifest = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Entry>;
  return manifest[peer] ?? { missing: 'the bootstrap does not know it' };
}
