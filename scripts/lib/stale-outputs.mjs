// Removes compiled files whose source is gone. The compiler leaves them, and they would be packed and bundled.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const OUTPUT = /(?:\.d)?\.([cm]?)[jt]s(?:\.map)?$/;

/** Removes the compiled files of a package's `dist` that have no source in `src`. Leaves `dist/cjs`, which is replaced as a whole. */
export function removeStaleOutputs(packageFolder) {
  const dist = path.join(packageFolder, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist, { recursive: true })) {
    if (!OUTPUT.test(name) || name.split(path.sep)[0] === 'cjs') continue;
    const source = path.join(packageFolder, 'src', name.replace(OUTPUT, '.$1ts'));
    if (!existsSync(source)) rmSync(path.join(dist, name));
  }
}
