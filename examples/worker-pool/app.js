// Two worker threads render reports, and the main thread keeps the newest hundred.
import { Pool } from './pool.js';

const KEPT = 100;
const pool = new Pool(new URL('./worker.js', import.meta.url), 2);
const reports = new Map();

for (let id = 1; ; id++) {
  keepReport(await pool.run({ id }));
  await new Promise((resolve) => setTimeout(resolve, 20));
}

function keepReport({ id, bytes }) {
  reports.set(id, { bytes, index: indexOf(bytes) });
  reports.delete(id - KEPT);
}

/** Returns the positions of the lines. */
function indexOf(bytes) {
  const positions = [];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) positions.push(at);
  return positions;
}
