import { env, execArgv, execPath } from 'node:process';

/**
 * Node flags for a long-running background process: a young generation of 1 MiB instead of up to 32 MiB, and `gc`, to
 * collect after much memory was released.
 */
const FLAGS = ['--max-semi-space-size=1', '--expose-gc'];
/**
 * Settings of glibc's allocator, which others ignore: large blocks are returned to the system when they are freed. By
 * default, the allocator raises both thresholds to the largest block freed, up to 32 MiB, and keeps the rest.
 */
const MALLOC: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: '8192',
  MALLOC_TRIM_THRESHOLD_: '65536',
};

/**
 * Restarts this program in the same process with {@link FLAGS} and {@link MALLOC}, which must be set at the start. Does
 * nothing if the flags are already set, or where a restart is impossible (Windows, Node's permissions).
 */
export function restartSmall(): void {
  if (FLAGS.every((flag) => execArgv.includes(flag)) || process.execve === undefined) return;
  const [, script, ...args] = process.argv;
  const emitWarning = process.emitWarning;
  try {
    // Suppress the warning that `execve` is experimental, which is useless to users.
    process.emitWarning = () => {};
    process.execve(execPath, [process.argv0, ...FLAGS, ...execArgv, script!, ...args], { ...MALLOC, ...env });
  } catch {
    // Continue without the flags.
  } finally {
    process.emitWarning = emitWarning;
  }
}
