import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, fileError } from '../../errors.js';

/**
 * Names of running captures of Airflow and heapray. If several processes write a component, all but the first have
 * their process ID in the name. Captures that were moved away have a date there.
 */
const CAPTURE_NAME = /^([^.].*)_memory(?:\.(\d{1,10}(?:-\d+)?))?\.bin$/;

/** Name of a forked process's capture with memray's `--follow-fork`: that of its parent, and the process ID. */
const FORKED_NAME = /^(.+\.bin)\.(\d{1,10})$/;

export interface FoundCapture {
  readonly path: string;
  readonly component: string;
  /** ID of a forked process, whose component is that of its parent; undefined for any other process. */
  readonly process: string | undefined;
  /** False for a file that was given by name and does not exist yet. */
  readonly exists: boolean;
}

/** Result of a search. */
export interface Findings {
  readonly captures: readonly FoundCapture[];
  /** Existing folders without captures. */
  readonly emptyFolders: readonly string[];
  /** One line for each path that could not be searched. */
  readonly problems: readonly string[];
}

/** A path given by the user. */
interface GivenPath {
  readonly given: string;
  readonly full: string;
  /** True if the path is a single file. A folder may contain captures of any name. */
  isFile: boolean;
}

/**
 * Finds the captures at `paths`. A folder means all captures in it; a file means itself and the captures of processes
 * that its process forked. A path that does not exist yet is a file if it ends with `.bin`, otherwise a folder.
 *
 * The name of a capture depends on `paths` and its own path, never on which captures exist now. So names stay the same
 * when captures appear and disappear, and after a restart. The first path that can have a capture of some name gives it
 * the plain name. Captures of later paths contain their folder, as in `scheduler@/other/folder`. A capture with a
 * process ID in its file name contains that, as in `scheduler@4711`.
 */
export async function findCaptures(paths: readonly string[]): Promise<Findings> {
  const captures = new Map<string, FoundCapture>();
  const emptyFolders: string[] = [];
  const problems: string[] = [];
  const all: readonly GivenPath[] = paths.map((given) => {
    return { given, full: path.resolve(given), isFile: /\.bin(?:\.\d{1,10})?$/.test(given) };
  });
  for (const each of all) {
    try {
      const files = await filesAt(each);
      for (const { path: file, exists } of files)
        captures.set(file, { path: file, ...whoseIs(file, all), exists });
      if (files.length === 0) emptyFolders.push(each.full);
    } catch (cause) {
      problems.push(fileError(each.given, cause).message);
    }
  }
  return { captures: [...captures.values()], emptyFolders, problems };
}

interface CaptureFile {
  readonly path: string;
  readonly exists: boolean;
}

async function filesAt(each: GivenPath): Promise<readonly CaptureFile[]> {
  const kind = await kindOf(each);
  if (kind !== 'folder')
    return [{ path: each.full, exists: kind === 'file' }, ...(await forkedFrom(each.full))];
  each.isFile = false;
  const names = (await readdir(each.full)).filter((name) => CAPTURE_NAME.test(parentOf(name)));
  return names.sort().map((name) => ({ path: path.join(each.full, name), exists: true }));
}

/** Returns the captures of processes forked by the process of this capture. */
async function forkedFrom(file: string): Promise<readonly CaptureFile[]> {
  const folder = path.dirname(file);
  // Ignore errors: the file itself may be readable even if its folder is not.
  const names = await readdir(folder).catch(() => []);
  const forked = names.filter((name) => FORKED_NAME.exec(name)?.[1] === path.basename(file));
  return forked.sort().map((name) => ({ path: path.join(folder, name), exists: true }));
}

/** Returns the path or name of the parent's capture for a forked process, and the path itself for any other. */
function parentOf(file: string): string {
  return FORKED_NAME.exec(file)?.[1] ?? file;
}

function whoseIs(file: string, all: readonly GivenPath[]): Pick<FoundCapture, 'component' | 'process'> {
  const parents = all.map((each) => ({ ...each, full: each.isFile ? parentOf(each.full) : each.full }));
  return { component: nameOf(parentOf(file), parents), process: FORKED_NAME.exec(file)?.[2] };
}

async function kindOf({ full, isFile }: GivenPath): Promise<'folder' | 'file' | 'absent'> {
  try {
    return (await stat(full)).isDirectory() ? 'folder' : 'file';
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' && isFile) return 'absent';
    throw cause;
  }
}

function nameOf(file: string, all: readonly GivenPath[]): string {
  const component = componentOf(file);
  const isCaptureName = CAPTURE_NAME.test(path.basename(file));
  const own = all.findIndex(({ full }) => full === file || (isCaptureName && full === path.dirname(file)));
  const isTaken = all.slice(0, own).some((other) => !other.isFile || componentOf(other.full) === component);
  if (!isTaken) return component;
  return `${component}@${isCaptureName ? path.dirname(file) : file}`;
}

/** Returns the component for a file name. */
function componentOf(file: string): string {
  const [, component, pid] = CAPTURE_NAME.exec(path.basename(file)) ?? [];
  if (component === undefined) return path.parse(file).name;
  return pid === undefined ? component : `${component}@${pid}`;
}
