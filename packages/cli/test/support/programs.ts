// Programs to profile, in a folder of the test.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../../../test/support/temp-folder.js';

/** Keeps some memory for half a second, so that a capture has something in it. */
const SHOP = `
const kept = [];
function remember() { kept.push({ lines: new Array(10_000).fill(kept.length) }); }
const timer = setInterval(() => {
  for (let i = 0; i < 20; i++) remember();
  if (kept.length >= 200) clearInterval(timer);
}, 50);
`;

/** Goes on until it is told to stop; says when it is ready and which signals it gets, and ends itself on SIGTERM. */
const SERVER = `
${SHOP}
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT']) {
  process.on(signal, () => console.log('got ' + signal));
}
process.on('SIGTERM', () => { console.log('got SIGTERM'); process.exit(7); });
process.stdin.resume();
setInterval(() => {}, 1000);
setTimeout(() => console.log('ready'), 1000);
`;

/** The same without a word about signals. */
const PLAIN_SERVER = `${SHOP} setInterval(() => {}, 1000); setTimeout(() => console.log('ready'), 1000);`;

/** Starts the shop in a process of its own and allocates nothing worth mentioning itself. */
const STARTER = `require('node:child_process').spawn(process.execPath, ['shop.js'], { stdio: 'inherit' });`;

/** A folder with the programs, also as an npm project that starts \`shop.js\`. */
export function programFolder(): string {
  const folder = tempFolder();
  const files = {
    'shop.js': SHOP,
    'server.js': SERVER,
    'plain-server.js': PLAIN_SERVER,
    'starter.js': STARTER,
    'package.json': JSON.stringify({ name: 'shop', private: true, scripts: { start: 'node shop.js' } }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}
