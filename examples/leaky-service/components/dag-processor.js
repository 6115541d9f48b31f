import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { log } from '../log.js';

const PERIOD_MILLIS = 300;
const FILES = 8;
const ORDERS_PER_FILE = 1_500;

/**
 * Reads order files of trading partners, one after the other and again from the start, until the signal is
 * aborted. Everything it allocates for a file is garbage when it reads the next one.
 */
export async function runDagProcessor({ signal }) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'leaky-service-'));
  let orders = 0;
  try {
    const files = await writeFiles(folder);
    for (let next = 0; !signal.aborted; next++) {
      const totals = parseBatch(await fs.readFile(files[next % files.length], 'utf8'));
      for (const { count } of totals.values()) orders += count;
      await delay(PERIOD_MILLIS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await fs.rm(folder, { recursive: true });
  }
  log('info', 'dag_processor stopped', { orders });
}

/** Returns orders and pieces by partner. */
function parseBatch(text) {
  const totals = new Map();
  for (const line of text.split('\n')) {
    const { partner, pieces } = parseLine(line);
    const total = totals.get(partner) ?? { count: 0, pieces: 0 };
    total.count++;
    for (const { quantity } of pieces) total.pieces += quantity;
    totals.set(partner, total);
  }
  return totals;
}

function parseLine(line) {
  const { partner, items } = JSON.parse(line);
  return { partner, pieces: items.map(([sku, quantity]) => ({ sku, quantity })) };
}

/** Writes sample files of partners. */
async function writeFiles(folder) {
  const files = Array.from({ length: FILES }, (_, index) => path.join(folder, `orders-${index}.ndjson`));
  for (const [index, file] of files.entries()) {
    const lines = Array.from({ length: ORDERS_PER_FILE }, (_, order) =>
      JSON.stringify({
        partner: `partner-${(index + order) % 25}`,
        items: Array.from({ length: 1 + (order % 8) }, (_, item) => [`sku-${order % 3000}`, 1 + item]),
      }),
    );
    await fs.writeFile(file, lines.join('\n'));
  }
  return files;
}
