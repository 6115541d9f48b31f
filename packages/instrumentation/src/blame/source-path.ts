import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the program lies that a map belongs to. */
export interface MapPlace {
  /** The folder that the map's relative sources start from: the map's own, or the program's for a map inside it. */
  readonly folder: string;
  /** The folder of the program's package; the program's own folder when it belongs to none. */
  readonly packageFolder: string;
}

/** Bundlers' own schemes: `webpack://name/./src/a.ts`, `turbopack:///[project]/src/a.ts`. */
const BUNDLER_URL = /^[a-z][\w+.-]*:\/\/[^/]*\/(.*)$/i;
const MAX_ANCESTORS = 20;

/**
 * The path of a source as its author knows it. Absolute, except for the address of a source on the web.
 *
 * - relative ones start from the map's folder, whether the file is there or not;
 * - bundlers' ones start from the bundler's working folder, which no map tells: the nearest folder from the
 *   map's upwards below which there is such a file, else the program's package;
 * - `file:` URLs and absolute paths are what they say.
 *
 * @param source the source as the map writes it, `sourceRoot` included
 * @param exists whether there is such a file
 */
export function sourcePath(
  source: string,
  place: MapPlace,
  exists: (file: string) => boolean = fs.existsSync,
): string {
  // Rollup marks modules that it made itself with a NUL.
  const text = source.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '');
  if (/^file:/i.test(text)) return fromFileUrl(text);
  if (/^https?:/i.test(text)) return text.replace(/[?#].*$/, '');
  const bundled = BUNDLER_URL.exec(text);
  if (bundled) return fromBundler(bundled[1] ?? '', place, exists);
  if (/^[a-z]:[\\/]/i.test(text)) return path.win32.normalize(text);
  return path.resolve(place.folder, decoded(text));
}

function fromFileUrl(url: string): string {
  // A map may have been made on Windows and be read elsewhere.
  const drive = /^file:\/\/\/([a-z]:\/.*)$/i.exec(url);
  if (drive) return path.win32.normalize(decoded(drive[1] ?? ''));
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function fromBundler(rest: string, place: MapPlace, exists: (file: string) => boolean): string {
  // webpack: `./a.vue?3f2c` is one of several modules made of a file, `(server)/./a.ts` one of a layer.
  // A name after `!` is what is left when the loaders before it are taken away.
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

/** Sources are URLs, although most tools write plain paths. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
