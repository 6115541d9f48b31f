import type { ProgramFolders } from '../call-sites/index.js';
import { nodeFile } from '../call-sites/index.js';
import { plainName } from './clean-text.js';
import type { MemrayLocation } from './code-table.js';
import type { MemrayHeader } from './header.js';

/** "other", which no usual Python has and every producer that is none should write. */
const OTHER_ALLOCATOR = 4;
const NODE_RUNTIME = 'node:';
const PYTHON_PACKAGES = /\/(?:site|dist)-packages\/?$/;

/** Whether a capture is of a Node program, as heapray writes them. */
export function isNodeCapture({ libdest, pythonAllocator, sitePackages }: MemrayHeader): boolean {
  if (libdest.startsWith(NODE_RUNTIME)) return true;
  // Formats 11 and 12 do not say where modules are.
  const ofPython = sitePackages.some((folder) => PYTHON_PACKAGES.test(folder));
  return pythonAllocator === OTHER_ALLOCATOR && !ofPython && libdest === '';
}

/** Returns where the captured program has its modules, as far as the header says. */
export function capturedProgram(header: MemrayHeader): ProgramFolders {
  const { libdest, sitePackages, sysPath } = header;
  return { language: isNodeCapture(header) ? 'node' : 'python', libdest, sitePackages, sysPath };
}

/** Returns a place of a capture without the escapes and stand-ins that only memray's reports need. */
export function plainPlace({ functionName, file, line }: MemrayLocation): MemrayLocation {
  return { functionName: plainName(functionName), file: nodeFile(plainName(file)), line };
}
