import { RecordedStackPackages } from '@heapray/exporter/call-sites';
import type { Labels, LabelsHandle, ProfileBuilder } from '@heapray/exporter/profile';
import { ownPackage } from '../../own-package.js';

/**
 * Returns a function for the labels of allocations of a file: its package, and `more`. They are kept in a Map, because
 * interning labels is slow in comparison.
 */
export function packageLabels(builder: ProfileBuilder, more: Labels = {}): (file: string) => LabelsHandle {
  const folders = { libdest: '', sitePackages: [], sysPath: [] };
  const packages = new RecordedStackPackages({ language: 'node', ...folders }, ownPackage);
  const byFile = new Map<string, LabelsHandle>();
  return (file) => {
    const known = byFile.get(file);
    if (known !== undefined) return known;
    const labels = builder.labels({ ...more, package: packages.packageOf([{ functionName: '', file }]) });
    byFile.set(file, labels);
    return labels;
  };
}
