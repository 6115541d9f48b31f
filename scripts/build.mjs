// Generates the static protobuf code and compiles every package: `npm run build`.
import { ensureBuilt, ensureInstalled } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});
