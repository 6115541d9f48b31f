import type { PageData } from './page-data.js';

/** The part of a path that ends where a package's own path starts. */
const ABOVE_PACKAGE = /^.*[\\/](?=(?:node_modules|site-packages|dist-packages)[\\/])/s;
/** The start of an absolute path or of a URL of a file. */
const ABSOLUTE = /^(?:file:|[a-z]:[\\/]|[\\/])/i;
/**
 * An absolute path in a text, up to the file's name. Before it is nothing that belongs to a word or to a relative path. Folders may
 * contain spaces, but not at their end.
 */
const FOLDERS =
  /(?<![\p{L}\p{N}_$.~+%*)\]}\\/-])(?:file:\/\/)?(?:[a-z]:)?[\\/]{1,3}(?:[^\\/\s"'`]+(?: +[^\\/\s"'`()<>[\]{}|,;:]+)*[\\/])+/giu;

/**
 * Returns the same data without folders of the machine and of the program's sources. Files of installed packages keep
 * their path below `node_modules` or `site-packages`, other files only their name. Comments are removed.
 */
export function hideSourcePaths(data: PageData): PageData {
  const strings: string[] = [];
  const known = new Map<string, number>();
  const add = (text: string): number => {
    const found = known.get(text);
    if (found !== undefined) return found;
    known.set(text, strings.length);
    return strings.push(text) - 1;
  };
  const { functions, labels } = data;
  return {
    ...data,
    title: withoutFolders(data.title),
    functions: {
      ...functions,
      names: functions.names.map((name) => add(withoutFolders(data.strings[name]!))),
      files: functions.files.map((file) => add(shortFile(data.strings[file]!))),
    },
    labels: {
      keys: labels.keys,
      sets: labels.sets.map((set) =>
        set.map((value) => (value < 0 ? value : add(withoutFolders(data.strings[value]!)))),
      ),
    },
    profiles: data.profiles.map((profile) => ({
      ...profile,
      name: withoutFolders(profile.name),
      comments: [],
    })),
    strings,
  };
}

function shortFile(file: string): string {
  if (file.startsWith('node:') || file.startsWith('<')) return file;
  const below = file.replace(ABOVE_PACKAGE, '');
  if (below !== file) return below;
  return lastPart(file);
}

function lastPart(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function withoutFolders(text: string): string {
  // A path that is the whole text may contain spaces.
  const name = ABSOLUTE.test(text) ? lastPart(text) : '';
  return name === '' ? text.replace(FOLDERS, '') : name;
}
