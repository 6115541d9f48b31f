import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Location of the program that a map belongs to. */
export interface MapPlace {
  /** Folder that the map's relative sources start from: the map's own, or the program's for an inline map. */
  readonly folder: string;
  /** Folder of the program's package; the program's own folder if it is in no package. */
  readonly packageFolder: string;
}

/** Matches URLs with bundlers' schemes: `webpack://name/./src/a.ts`, `turbopack:///[project]/src/a.ts`. */
const BUNDLER_URL = /^[a-z][\w+.-]*:\/\/[^/]*\/(.*)$/i;
const MAX_ANCESTORS = 20;

/**
 * Returns the path of a source on the author's disk. Absolute, except for the address of a source on the web.
 *
 * - Relative paths start from the map's folder; the file need not exist.
 * - Bundlers' paths start from the bundler's working folder, which is not in the map. The nearest folder from
 *   the map's upwards that contains the file is used, else the program's package.
 * - `file:` URLs and absolute paths are used as they are.
 *
 * @param source source as written in the map, `sourceRoot` included
 * @param exists returns true if a file exists
 */
export function sourcePath(
  source: string,
  place: MapPlace,
  exists: (file: string) => boolean = fs.existsSync,
): string {
  // Remove control characters: Rollup marks modules of its own with a NUL.
  const text = source.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '');
  if (/^file:/i.test(text)) return fromFileUrl(text);
  if (/^https?:/i.test(text)) return text.replace(/[?#].*$/, '');
  const bundled = BUNDLER_URL.exec(text);
  if (bundled) return fromBundler(bundled[1] ?? '', place, exists);
  if (/^[a-z]:[\\/]/i.test(text)) return path.win32.normalize(text);
  return path.resolve(place.folder, decoded(text));
}

function fromFileUrl(url: string): string {
  // The map may have been made on Windows and be read elsewhere.
  const drive = /^file:\/\/\/([a-z]:\/.*)$/i.exec(url);
  if (drive) return path.win32.normalize(decoded(drive[1] ?? ''));
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function fromBundler(rest: string, place: MapPlace, exists: (file: string) => boolean): string {
  // webpack: `./a.vue?3f2c` is one of several modules made of a file, `(server)/./a.ts` one of a layer. After
  // `!` comes the name without the loaders before it.
  const file = decoded(rest.replace(/\?[^/]*$/, '').replace(/^.*!/, ''))
    .replace(/^(?:\([\w-]+\)|\[project\])\//, '')
    .replace(/^(?:\.\/)+/, '');
  if (/^[a-z]:[\\/]/i.test(file)) return path.win32.normalize(file);
  if (path.isAbsolute(file)) return path.normalize(file);
  return nearest(file, place.folder, exists) ?? path.resolve(place.packageFolder, file);
}

function nearest(file: string, from: string, exists: (file: string) => boolean): string | undefined {
  let folder = from;
  for (let steps = 0; steps < MAX_ANCESTORS; steps++) {
    const candidate = path.resolve(folder, file);
    if (exists(candidate)) return candidate;
    const parent = path.dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  return undefined;
}

/** Decodes percent-encoding. Sources are URLs, but most tools write plain paths, which may not decode. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
