export { filePath } from './file-name.js';
export { type Manifest, type ReadManifest, readManifest } from './manifest.js';
export {
  NO_PACKAGE,
  type Package,
  PackageLookup,
  type PackageLookupOptions,
  RUNTIME_PACKAGE,
} from './package-lookup.js';
export { type CodePlace, type PythonFolders, PythonModules, ROOT_MODULE } from './python-modules.js';
export {
  isNodeRuntimeFile,
  nodeFile,
  type OwnPackage,
  type ProgramFolders,
  StackPackages,
} from './stack-packages.js';
