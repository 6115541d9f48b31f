// Makes the entries, and their types, that `require` loads outside of Node's own loader, as in Jest.
//
// The packages are ES modules, which Node itself can require (the condition `module-sync`). For other loaders, each entry of
// `exports` with the condition `require` gets a small file below dist/cjs. That file has Node load the ES module, so
// that a process never holds two copies. Copies of the declarations lie beside it; the package.json above them makes
// TypeScript treat them as CommonJS.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes the CommonJS entries of a built package. */
export function writeCommonJsEntries(packageFolder) {
  const { exports = {} } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  const required = Object.values(exports).flatMap(({ require }) => (require === undefined ? [] : [require]));
  const entries = required.filter((entry) => entry.default.startsWith('./dist/cjs/'));
  if (entries.length === 0) return;
  const dist = path.join(packageFolder, 'dist');
  const cjs = path.join(dist, 'cjs');
  const files = new Map([['package.json', '{"type":"commonjs"}\n']]);
  for (const { default: script, types } of entries) {
    const name = path.relative(cjs, path.join(packageFolder, script));
    const upwards = path.relative(path.dirname(path.join(cjs, name)), path.join(dist, name));
    files.set(name, requireFile(upwards.replaceAll(path.sep, '/')));
    addDeclarations(dist, path.relative(cjs, path.join(packageFolder, types)), files);
  }
  if (isWritten(cjs, files)) return;
  rmSync(cjs, { recursive: true, force: true });
  for (const [name, text] of files) {
    mkdirSync(path.dirname(path.join(cjs, name)), { recursive: true });
    writeFileSync(path.join(cjs, name), text);
  }
}

/** Returns the entry's code. Jest replaces `process` and `node:module`; the process's own context has the real ones. */
function requireFile(esModule) {
  return `'use strict';
const { process } = require('node:vm').runInThisContext('globalThis');
module.exports = process.getBuiltinModule('node:module').createRequire(__filename)('${esModule}');
// This is never called: file tracers follow a literal import.
void (() => import('${esModule}'));
`;
}

/** Adds a declaration file and the files that it imports from the same package. */
function addDeclarations(dist, name, files) {
  if (files.has(name)) return;
  const text = readFileSync(path.join(dist, name), 'utf8');
  // Without TypeScript's `esModuleInterop`, Node's modules have no default export in CommonJS.
  files.set(name, text.replace(/^(import (?:type )?)(\w+ from 'node:)/gm, '$1* as $2'));
  for (const [, imported] of text.matchAll(/(?:from |import\()'(\.{1,2}\/[^']+)\.js'/g)) {
    addDeclarations(dist, path.join(path.dirname(name), `${imported}.d.ts`), files);
  }
}

function isWritten(folder, files) {
  const there = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  if (there.filter((entry) => entry.isFile()).length !== files.size) return false;
  return [...files].every(([name, text]) => {
    const file = path.join(folder, name);
    return existsSync(file) && readFileSync(file, 'utf8') === text;
  });
}
