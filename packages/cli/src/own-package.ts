import { NO_PACKAGE, type OwnPackage, PackageLookup } from '@heapray/exporter/call-sites';

/** Limit for look-ups, because a file may contain many made-up paths. */
const MAX_READS = 20_000;

const lookup = new PackageLookup({ maxReads: MAX_READS });

/** Returns the package of a recorded program's own file, from the package.json above it, if this machine has one. */
export const ownPackage: OwnPackage = (file) => {
  // A path in a file must not make this machine connect to a network share.
  if (file.startsWith('\\\\')) return undefined;
  const { name } = lookup.packageOf(file);
  return name === NO_PACKAGE.name ? undefined : name;
};
