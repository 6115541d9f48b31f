// Generates the static protobuf code and compiles every package: `npm run build`.
import { ensureBuilt, ensureInstalled } from './lib/bootstrap.mjs';

ensureInstalled();
ensureBuilt();
