// Two components with synchronous and asynchronous parts, a helper of both, and work of neither. Prints as JSON the bytes that
// each function has kept; those of the helper by component.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HeaprayInstrumentation, profileComponent } from '../../dist/index.js';

const instrumentation = new HeaprayInstrumentation({
  log: (level, text) => console.error(`${level}: ${text}`),
});

// The more rounds, the more often the helper is seen to run for each.
const ROUNDS = 480;
const EACH = 12;
/** An array of 120 elements: its header, and that of its elements. */
const BYTES = 16 + 16 + 8 * 120;
// Long enough for all that the components keep. A growing array would be charged to whichever function makes it grow.
const kept = new Array(100_000).fill(undefined);
let count = 0;
const truth = { importNow: 0, importLater: 0, importByTimer: 0, mailNow: 0, mailLater: 0, serve: 0 };
const shared = { importer: 0, mailer: 0 };

// Each function has a name of its own, so that its captures can be compared with what it has kept.
function importNow() {
  keep(() => new Array(120).fill(1));
  truth.importNow += EACH * BYTES;
}
function importLater() {
  keep(() => new Array(120).fill(2));
  truth.importLater += EACH * BYTES;
}
function importByTimer() {
  keep(() => new Array(120).fill(3));
  truth.importByTimer += EACH * BYTES;
}
function mailNow() {
  keep(() => new Array(120).fill(4));
  truth.mailNow += EACH * BYTES;
}
function mailLater() {
  keep(() => new Array(120).fill(5));
  truth.mailLater += EACH * BYTES;
}
function serve() {
  if (count > 90_000) return;
  keep(() => new Array(120).fill(6));
  truth.serve += EACH * BYTES;
}
function keep(one) {
  for (let i = 0; i < EACH; i++) kept[count++] = one();
}

async function buildRows(component) {
  await delay(1);
  for (let i = 0; i < EACH; i++) kept[count++] = new Array(120).fill(7);
  shared[component] += EACH * BYTES;
}

/** Waits until both captures have begun. */
async function begun() {
  const files = ['importer', 'mailer'].map((name) =>
    path.join(process.env.HEAPRAY_HOME, `${name}_memory.bin`),
  );
  while (!files.every((file) => existsSync(file))) await delay(10);
}

class Importer {
  async start() {
    await begun();
    for (let round = 0; round < ROUNDS; round++) await this.#round();
  }

  async #round() {
    await delay(1);
    importLater();
    await buildRows('importer');
    await buildRows('importer');
    await new Promise((resolve) => setTimeout(() => this.#tick(resolve), 1));
    runImportNow();
  }

  #tick(resolve) {
    importByTimer();
    resolve();
  }
}

async function sendMails() {
  await begun();
  for (let round = 0; round < ROUNDS; round++) {
    await delay(4);
    mailLater();
    await buildRows('mailer');
    runMailNow();
  }
}

const runImportNow = profileComponent('importer', importNow);
const runMailNow = profileComponent('mailer', mailNow);
// The wrapped functions themselves do not continue after an `await`.
const importer = profileComponent('importer', () => new Importer().start());
const mailer = profileComponent('mailer', () => sendMails());
const server = setInterval(serve, 4);
await Promise.all([importer(), mailer()]);
clearInterval(server);
await instrumentation.shutdown();
console.log(JSON.stringify({ truth, shared }));
