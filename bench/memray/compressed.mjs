import { run } from '../../scripts/lib/run-command.mjs';

/** Compresses a file as memray does: linked blocks of 64 KiB, no checksums. With the lz4 command. */
export async function compress(file, compressed) {
  await run('lz4', ['-q', '-f', '-BD', '-B4', '--no-frame-crc', file, compressed]);
}
