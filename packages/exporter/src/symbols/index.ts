export { demangled } from './demangle.js';
export { SymbolFiles, type SymbolFilesOptions } from './symbol-files.js';
export { type SymbolizeOptions, symbolizeProfile } from './symbolize-profile.js';
