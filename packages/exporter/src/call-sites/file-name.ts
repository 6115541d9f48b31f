import { fileURLToPath } from 'node:url';

/** A drive letter, or a share such as `\\server\share`. */
const WINDOWS_PATH = /^(?:[a-z]:[\\/]|\\\\)/i;
const FILE_URL_WITH_DRIVE = /^file:\/\/\/?([a-z]:[\\/].*)$/i;

/** Whether a path is written as Windows does. */
export function isWindowsPath(file: string): boolean {
  return WINDOWS_PATH.test(file);
}

/**
 * The path of a file that a profiler names by path or by URL: V8 names ES modules by URL and scripts by path.
 * Escapes and what stands behind `?` or `#` are undone for `file:` URLs only: a path may hold these characters.
 * Everything else, such as `node:fs` or `[eval]`, is returned as it is.
 */
export function filePath(name: string): string {
  if (!/^file:/i.test(name)) return name;
  const drive = FILE_URL_WITH_DRIVE.exec(withoutQuery(name));
  // `fileURLToPath` knows drives on Windows only, and a profile may come from another machine.
  if (drive) return decoded(drive[1] ?? '').replaceAll('/', '\\');
  try {
    return fileURLToPath(name);
  } catch {
    // `file://host/share` on POSIX, and escaped slashes.
    return name;
  }
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
