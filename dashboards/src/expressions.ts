/** Returns a sum by package in which call sites without a series of their own, which have no package, are named `other`. */
export function withPackageOther(expr: string): string {
  return `label_replace(${expr}, "heapray_package_name", "other", "heapray_package_name", "")`;
}
