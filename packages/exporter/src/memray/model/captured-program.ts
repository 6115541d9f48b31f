import type { ProgramFolders } from '../../call-sites/index.js';
import { nodeFile } from '../../call-sites/index.js';
import { plainName } from '../format/clean-text.js';
import type { MemrayHeader } from '../format/header.js';
import type { MemrayLocation } from './code-table.js';

/** Number of "malloc", which heapray writes, and Python if `PYTHONMALLOC=malloc` is set. */
const MALLOC_ALLOCATOR = 3;
/** Number of "other", which no usual Python has. */
const OTHER_ALLOCATOR = 4;
/** Start of a Node program's command line, or heapray's note at its end. */
const NODE_COMMAND = /^\S*\bnode(?:\.exe)?(?: |$)|\(heapray: /;
/**
 * Innermost frame of allocations that heapray did not see but estimated. Its caller allocated. It has the file of the
 * caller, because memray takes the module of a stack from its innermost file.
 */
export const SHORT_LIVED_FRAME = '(short-lived, estimated)';
const NODE_RUNTIME = 'node:';
const PYTHON_PACKAGES = /\/(?:site|dist)-packages\/?$/;

/** Returns whether a capture is of a Node program, as heapray writes them. */
export function isNodeCapture(header: MemrayHeader): boolean {
  const { libdest, pythonAllocator, sitePackages, commandLine } = header;
  if (libdest.startsWith(NODE_RUNTIME)) return true;
  // Formats 11 and 12 do not contain the folders of modules.
  const ofPython = sitePackages.some((folder) => PYTHON_PACKAGES.test(folder));
  if (ofPython || libdest !== '') return false;
  const isNodeCommand = pythonAllocator === MALLOC_ALLOCATOR && NODE_COMMAND.test(commandLine);
  return pythonAllocator === OTHER_ALLOCATOR || isNodeCommand;
}

/** Returns the folders of the captured program's modules, as far as the header has them. */
export function capturedProgram(header: MemrayHeader): ProgramFolders {
  const { libdest, sitePackages, sysPath } = header;
  return { language: isNodeCapture(header) ? 'node' : 'python', libdest, sitePackages, sysPath };
}

/** Returns a location without the escapes and placeholders that only memray's reports need. */
export function plainPlace({ functionName, file, line, firstLine }: MemrayLocation): MemrayLocation {
  const isOwn = functionName === SHORT_LIVED_FRAME;
  const plainFile = isOwn ? '' : nodeFile(plainName(file));
  return { functionName: plainName(functionName), file: plainFile, line, firstLine };
}
