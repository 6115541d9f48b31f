import type { ProgramFolders } from '../call-sites/index.js';
import { nodeFile } from '../call-sites/index.js';
import { plainName } from './clean-text.js';
import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';

/** "malloc", which heapray writes, and Python where `PYTHONMALLOC=malloc` is set. */
const MALLOC_ALLOCATOR = 3;
/** "other", which no usual Python has. */
const OTHER_ALLOCATOR = 4;
/** How a command line of a Node program begins, or what heapray notes at its end. */
const NODE_COMMAND = /^\S*\bnode(?:\.exe)?(?: |$)|\(heapray: /;
/**
 * Innermost frame of what heapray has not seen but estimated; its caller allocated. In the file of the caller, because
 * memray takes the module of a stack from its innermost file.
 */
export const SHORT_LIVED_FRAME = '(short-lived, estimated)';
const NODE_RUNTIME = 'node:';
const PYTHON_PACKAGES = /\/(?:site|dist)-packages\/?$/;

/** Whether a capture is of a Node program, as heapray writes them. */
export function isNodeCapture(header: MemrayHeader): boolean {
  const { libdest, pythonAllocator, sitePackages, commandLine } = header;
  if (libdest.startsWith(NODE_RUNTIME)) return true;
  // Formats 11 and 12 do not say where modules are.
  const ofPython = sitePackages.some((folder) => PYTHON_PACKAGES.test(folder));
  if (ofPython || libdest !== '') return false;
  const isNodeCommand = pythonAllocator === MALLOC_ALLOCATOR && NODE_COMMAND.test(commandLine);
  return pythonAllocator === OTHER_ALLOCATOR || isNodeCommand;
}

/** Returns where the captured program has its modules, as far as the header says. */
export function capturedProgram(header: MemrayHeader): ProgramFolders {
  const { libdest, sitePackages, sysPath } = header;
  return { language: isNodeCapture(header) ? 'node' : 'python', libdest, sitePackages, sysPath };
}

/** Returns a place of a capture without the escapes and stand-ins that only memray's reports need. */
export function plainPlace({ functionName, file, line, firstLine }: MemrayLocation): MemrayLocation {
  const isOwn = functionName === SHORT_LIVED_FRAME;
  const plainFile = isOwn ? '' : nodeFile(plainName(file));
  return { functionName: plainName(functionName), file: plainFile, line, firstLine };
}
