// Programs to profile, in a temporary folder.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../../../test/support/temp-folder.js';

/**
 * Detects whether the process's capture, if any, has begun: the process then has a file open with such a name, now or
 * before.
 */
const BEGUN = `
const fs = require('node:fs');
const fileOf = (fd) => {
  try {
    return fs.readlinkSync('/proc/self/fd/' + fd);
  } catch {
    return ''; // closed meanwhile
  }
};
const isCapture = (fd) => fileOf(fd).includes('_memory.');
const begun = () => !process.env.HEAPRAY_TRACE_COMPONENTS || fs.readdirSync('/proc/self/fd').some(isCapture);
`;

/** Keeps some memory until its capture has begun, and for at least half a second, so that the capture has contents. */
const SHOP = `
${BEGUN}
const kept = [];
process.on('exit', () => kept.length); // V8 may free it at the end otherwise, and it is not in the capture then
function remember() { kept.push({ lines: new Array(10_000).fill(kept.length) }); }
const timer = setInterval(() => {
  for (let i = 0; i < 20; i++) remember();
  if (kept.length >= 200 && begun()) clearInterval(timer);
}, 50);
`;

/** Runs until it is stopped. Prints when it is ready and which signals it gets, and ends itself on SIGTERM. */
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

/** Runs like the server, without handling signals. */
const PLAIN_SERVER = `${SHOP} setInterval(() => {}, 1000); setTimeout(() => console.log('ready'), 1000);`;

/** Starts the shop in a separate process, and allocates hardly anything itself. */
const STARTER = `
${BEGUN}
require('node:child_process').spawn(process.execPath, ['shop.js'], { stdio: 'inherit' });
const timer = setInterval(() => begun() && clearInterval(timer), 50);
`;

/** Creates a folder with the programs, which is also an npm project that starts \`shop.js\`. */
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
