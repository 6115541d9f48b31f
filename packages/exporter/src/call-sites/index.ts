export { filePath } from './file-name.js';
export { type Manifest, type ReadManifest, readManifest } from './manifest.js';
export {
  NO_PACKAGE,
  type Package,
  PackageLookup,
  type PackageLookupOptions,
  RUNTIME_PACKAGE,
} from './package-lookup.js';
export { type CodePlace, type PythonFolders, PythonModules } from './python-modules.js';
export { RecentAllocation } from './recent-allocation.js';
export {
  nodeFile,
  type OwnPackage,
  type ProgramFolders,
  RecordedStackPackages,
} from './recorded-stack-packages.js';
export type { SiteAmounts, SiteRanking, SiteReading } from './site-amounts.js';
export {
  type StickySite,
  StickySites,
  type StickySitesOptions,
  type StickySitesView,
} from './sticky-sites.js';
export { type TopSite, TopSites, type TopSitesOptions, type TopSitesView } from './top-sites.js';
