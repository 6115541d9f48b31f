// Programs to profile, in a folder of the test.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { tempFolder } from '../../../../test/support/temp-folder.js';

/** Whether the capture has begun, if this process is to have one: then it holds a file open that has, or had, such a name. */
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

/** Keeps some memory for half a second, so that a capture has something in it, and until it has begun. */
const SHOP = `
${BEGUN}
const kept = [];
function remember() { kept.push({ lines: new Array(10_000).fill(kept.length) }); }
const timer = setInterval(() => {
  for (let i = 0; i < 20; i++) remember();
  if (kept.length >= 200 && begun()) clearInterval(timer);
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
const STARTER = `
${BEGUN}
require('node:child_process').spawn(process.execPath, ['shop.js'], { stdio: 'inherit' });
const timer = setInterval(() => begun() && clearInterval(timer), 50);
`;

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
