import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BrokenMap } from './source-map.js';

/** Location of a program's source map. */
export type MapLocation =
  /** The map's text, from the URL itself. */
  { readonly json: Buffer } | { readonly file: string };

/**
 * Resolves a `sourceMappingURL`. The URL comes from the program, which must not be able to make heapray read
 * arbitrary files. So only files of the program's own package, or in its own folder and below, are read, and
 * nothing is fetched.
 *
 * @param program path of the program
 * @param packageFolder folder of the program's package
 * @throws BrokenMap when it leads elsewhere or is not a URL
 */
export function locateMap(url: string, program: string, packageFolder: string): MapLocation {
  if (/^data:/i.test(url)) return { json: fromDataUrl(url) };
  let file: string;
  try {
    // On Windows, a path with a drive would parse as a URL with a one-letter scheme.
    const isDrive = process.platform === 'win32' && /^[a-z]:[\\/]/i.test(url);
    const target = isDrive ? pathToFileURL(url) : new URL(url, pathToFileURL(program));
    if (target.protocol !== 'file:')
      throw new BrokenMap(`it is at a ${target.protocol} URL, which is not followed`);
    file = fileURLToPath(target);
  } catch (error) {
    if (error instanceof BrokenMap) throw error;
    throw new BrokenMap('its URL cannot be understood');
  }
  if (!isBelow(file, packageFolder) && !isBelow(file, path.dirname(program))) {
    throw new BrokenMap("its URL leads out of the program's package");
  }
  return { file };
}

function isBelow(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  );
}

function fromDataUrl(url: string): Buffer {
  const comma = url.indexOf(',');
  if (comma < 0) throw new BrokenMap('its data: URL has no data');
  const data = url.slice(comma + 1);
  if (/;\s*base64$/i.test(url.slice(0, comma))) return Buffer.from(data, 'base64');
  try {
    return Buffer.from(decodeURIComponent(data), 'utf8');
  } catch {
    throw new BrokenMap('its data: URL cannot be decoded');
  }
}
