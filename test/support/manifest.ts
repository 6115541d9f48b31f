// Where the bootstrap (scripts/lib/bring-peers.mjs) has put what tests compare with.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Entry = { where: string } | { missing: string };

const FILE = fileURLToPath(new URL('../../.cache/peers/manifest.json', import.meta.url));

/** The place of a peer; throws saying why it is not there. */
export function placeOf(peer: string): string {
  const entry = entryOf(peer);
  if ('where' in entry) return entry.where;
  throw new Error(`${peer} is not available: ${entry.missing}`);
}

/** Why a peer is not there; undefined when it is. */
export function whyMissing(peer: string): string | undefined {
  const entry = entryOf(peer);
  return 'missing' in entry ? entry.missing : undefined;
}

function entryOf(peer: string): Entry {
  if (!existsSync(FILE)) return { missing: 'nothing was brought yet, run `npm test` once' };
  const manifest = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Entry>;
  return manifest[peer] ?? { missing: 'the bootstrap does not know it' };
}
