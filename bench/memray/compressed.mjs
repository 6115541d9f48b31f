import { debianPeers } from '../../scripts/lib/peers/debian.mjs';
import { run } from '../../scripts/lib/run-command.mjs';

/** Compresses a file as memray does: linked blocks of 64 KiB, no checksums. */
export async function compress(file, compressed) {
  const lz4 = await debianPeers()
    .find(({ name }) => name === 'lz4')
    .bring();
  await run(lz4, ['-q', '-f', '-BD', '-B4', '--no-frame-crc', file, compressed]);
}
