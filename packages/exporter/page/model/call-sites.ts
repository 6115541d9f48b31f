import type { Model } from './model.ts';

/** Returns the function that each node's own amount is attributed to; -1 if all its frames belong to the runtime. */
export function callSites({ callers, nodeFunctions, functions }: Model): Int32Array {
  const sites = new Int32Array(callers.length);
  for (let node = 0; node < sites.length; node++) {
    const fn = nodeFunctions[node]!;
    const above = callers[node]! < 0 ? -1 : sites[callers[node]!]!;
    const { kind, file } = functions[fn]!;
    // Code without a file is evaluated code: it is attributed to its caller, if that has a file.
    const isSite = kind !== 2 && (file !== '' || above < 0 || functions[above]!.file === '');
    sites[node] = isSite ? fn : above;
  }
  return sites;
}

/** Returns, for each node, the function whose row has its own amount. */
export function rowFunctions(model: Model): Int32Array {
  return callSites(model).map((site, node) => (site < 0 ? model.nodeFunctions[node]! : site));
}
