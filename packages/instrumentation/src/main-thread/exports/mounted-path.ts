/** The page that a request is for. Without a path there is none; `redirect` is where the client has to go instead. */
export interface MountedPath {
  readonly path?: string;
  readonly redirect?: string;
}

const PROFILE = /\/(heap|allocs|peak|leak)$/;
const UI = /(?:^|\/)ui(\/(?:page\.js|page\.css|overview\.json|profile\.json|diff\.json))?$/;

/**
 * Finds the page of the debug server that a path below any mount path is for: only the end of the path counts.
 *
 * @param path path of the request; a framework may have removed the mount path from it
 * @param original path before that
 */
export function mountedPath(path: string, original: string = path): MountedPath {
  if (original.endsWith('/ui/')) return { redirect: '../ui' };
  const profile = PROFILE.exec(path);
  if (profile) return { path: `/debug/pprof/${profile[1]}` };
  const ui = UI.exec(path);
  if (ui) return { path: `/debug/ui${ui[1] ?? ''}` };
  if (original.endsWith('/')) return { path: '/debug/pprof/' };
  // The links of the index are relative to its folder.
  const isIndex = path === '/' || path === '' || path.endsWith('/pprof');
  return isIndex ? { redirect: `${original.slice(original.lastIndexOf('/') + 1)}/` } : {};
}
