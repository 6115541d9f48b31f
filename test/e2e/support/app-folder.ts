// Makes a user's project: the packages of a prepared one, and the apps of these tests beside them. Every test has its
// own, so that an app may write into its working folder.
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ProjectName, type ProjectOptions, project } from '../../support/projects.js';
import { tempFolder } from '../../support/temp-folder.js';

const APPS = fileURLToPath(new URL('../apps', import.meta.url));

/** The package name of the apps, as profiles show it. */
export const APP_PACKAGE = 'order-service';

/** Makes the folder; it is removed at the end of the test. */
export function appFolder(name: ProjectName, options: ProjectOptions = {}): string {
  const folder = tempFolder();
  const isApp = (file: string) => path.relative(APPS, file) !== 'packages';
  cpSync(APPS, folder, { recursive: true, filter: isApp });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: APP_PACKAGE, type: 'module' }));
  const modules = path.join(folder, 'node_modules');
  cpSync(path.join(APPS, 'packages'), modules, { recursive: true });
  const installed = path.join(project(name, options), 'node_modules');
  for (const entry of readdirSync(installed).filter((entry) => !entry.startsWith('.'))) {
    symlinkSync(path.join(installed, entry), path.join(modules, entry));
  }
  mkdirSync(modules, { recursive: true });
  return folder;
}
