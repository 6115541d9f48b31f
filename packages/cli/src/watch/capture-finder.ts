import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, fileError } from '../errors.js';

/**
 * How Airflow, and heapray, name running captures: of several processes of a component all but the first have their pid
 * in the name. Those moved out of the way have a date there.
 */
const CAPTURE_NAME = /^([^.].*)_memory(?:\.(\d{1,10}(?:-\d+)?))?\.bin$/;

/** How memray's `--follow-fork` names the capture of a forked process: that of its parent, and the pid. */
const FORKED_NAME = /^(.+\.bin)\.(\d{1,10})$/;

export interface FoundCapture {
  readonly path: string;
  readonly component: string;
  /** Pid of a forked process, whose component is that of its parent; undefined for any other. */
  readonly process: string | undefined;
  /** False for a file that was named and is not there yet. */
  readonly exists: boolean;
}

/** Result of a search. */
export interface Findings {
  readonly captures: readonly FoundCapture[];
  /** Folders that exist and hold no capture. */
  readonly emptyFolders: readonly string[];
  /** One line for each path that could not be searched. */
  readonly problems: readonly string[];
}

/** A path as the user gave it. */
interface GivenPath {
  readonly given: string;
  readonly full: string;
  /** Stands for itself only; a folder can get captures of any name. */
  isFile: boolean;
}

/**
 * Finds the captures at `paths`. A folder stands for the captures in it, a file for itself and those of the processes that
 * its process forked. A path that does not exist
 * yet is a file if it ends with `.bin`, and a folder otherwise.
 *
 * The name of a capture depends on `paths` and on its own path, never on which captures exist now: names stay the same
 * when captures come and go, and after a restart. The first path that can have a capture of some name gives it the bare
 * name; captures of later paths carry their folder, as in `scheduler@/other/folder`. A capture with a pid in its name
 * carries that, as in `scheduler@4711`.
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

/** Captures of processes that the one of this capture has forked. */
async function forkedFrom(file: string): Promise<readonly CaptureFile[]> {
  const folder = path.dirname(file);
  // That the folder cannot be searched does not keep its file from being read.
  const names = await readdir(folder).catch(() => []);
  const forked = names.filter((name) => FORKED_NAME.exec(name)?.[1] === path.basename(file));
  return forked.sort().map((name) => ({ path: path.join(folder, name), exists: true }));
}

/** Path or name of the capture whose process forked that of this one; the same for any other. */
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

/** Name of the component by the name of its file. */
function componentOf(file: string): string {
  const [, component, pid] = CAPTURE_NAME.exec(path.basename(file)) ?? [];
  if (component === undefined) return path.parse(file).name;
  return pid === undefined ? component : `${component}@${pid}`;
}
