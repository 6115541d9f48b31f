#!/usr/bin/env node
// The command `heapray`. It is in the repository, because npm links commands when it installs, and that is before a
// checkout is built.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('heapray: this checkout is not built: run `npm run build`\n');
  process.exitCode = 1;
}
