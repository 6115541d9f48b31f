import { fileURLToPath } from 'node:url';

/** A drive letter, or a share such as `\\server\share`. */
const WINDOWS_PATH = /^(?:[a-z]:[\\/]|\\\\)/i;
/** A URL of a POSIX path in which nothing is escaped or resolved; parsing it takes many times as long. */
const PLAIN_FILE_URL = /^file:\/\/(?=\/)(?!.*\/\.)[\w\-./@+~]+$/;
const HAS_POSIX_PATHS = pathOfUrl('file:///srv') === '/srv';
const FILE_URL_WITH_DRIVE = /^file:\/\/\/?([a-z]:[\\/].*)$/i;

/** Returns whether a path has the syntax of Windows. */
export function isWindowsPath(file: string): boolean {
  return WINDOWS_PATH.test(file);
}

/**
 * Returns the path of a file that a profiler names by path or URL: V8 names ES modules by URL and scripts by path.
 * Escapes are decoded, and text after `?` or `#` is removed, for `file:` URLs only: paths may contain these characters.
 * Other names, such as `node:fs` or `[eval]`, are returned unchanged.
 */
export function filePath(name: string): string {
  if (!/^file:/i.test(name)) return name;
  if (HAS_POSIX_PATHS && PLAIN_FILE_URL.test(name)) return name.slice('file://'.length);
  const drive = FILE_URL_WITH_DRIVE.exec(withoutQuery(name));
  // `fileURLToPath` supports drives on Windows only, and a profile may come from another machine.
  if (drive) return decoded(drive[1] ?? '').replaceAll('/', '\\');
  return pathOfUrl(name);
}

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    // For example `file://host/share` on POSIX, or escaped slashes.
    return url;
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
