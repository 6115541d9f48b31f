import { env, execArgv, execPath } from 'node:process';

/**
 * Flags for a process that runs for long beside others: a young generation of 1 MiB, where V8 would take up to 32, and `gc`
 * for moments at which much was given up.
 */
const FLAGS = ['--max-semi-space-size=1', '--expose-gc'];
/**
 * Settings of glibc's allocator, which others ignore: what is large enough is given back to the system when it is freed.
 * By default the allocator raises both bounds with the largest block that was freed, up to 32 MiB, and keeps the rest.
 */
const MALLOC: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: '8192',
  MALLOC_TRIM_THRESHOLD_: '65536',
};

/**
 * Starts this program again in the same process, with {@link FLAGS} and {@link MALLOC}: both count from the start only.
 * Does nothing where the flags are there, so once only, or where it cannot be done (Windows, Node's permissions).
 */
export function restartSmall(): void {
  if (FLAGS.every((flag) => execArgv.includes(flag)) || process.execve === undefined) return;
  const [, script, ...args] = process.argv;
  const emitWarning = process.emitWarning;
  try {
    // That `execve` is experimental tells users nothing.
    process.emitWarning = () => {};
    process.execve(execPath, [process.argv0, ...FLAGS, ...execArgv, script!, ...args], { ...MALLOC, ...env });
  } catch {
    // It goes on as it was started.
  } finally {
    process.emitWarning = emitWarning;
  }
}
