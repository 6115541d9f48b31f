import { NO_PACKAGE, type OwnPackage, PackageLookup } from '@heapray/exporter/call-sites';

/** Bounds the work that a file with many made-up paths can cause. */
const MAX_READS = 20_000;

const lookup = new PackageLookup({ maxReads: MAX_READS });

/** Names the package of a recorded program's own file by the package.json above it, where this machine has it. */
export const ownPackage: OwnPackage = (file) => {
  // A path from a file must not make this machine connect to a share.
  if (file.startsWith('\\\\')) return undefined;
  const { name } = lookup.packageOf(file);
  return name === NO_PACKAGE.name ? undefined : name;
};
