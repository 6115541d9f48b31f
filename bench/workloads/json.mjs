// Works like a JSON API: parses a request, maps its records, writes the answer. Nearly everything dies at once.
import { atDepth } from './depth.mjs';

const RECORDS = 60;
const STEPS = 40;
const DEPTH = 12;

export function createWorkload() {
  const request = JSON.stringify(Array.from({ length: RECORDS }, (_, id) => newRecord(id)));
  let answered = 0;
  const handle = () => {
    const records = JSON.parse(request);
    const rows = records.filter((record) => record.active).map((record) => toRow(record, answered));
    answered += JSON.stringify({ rows, total: rows.length }).length;
    return answered;
  };
  return () => {
    for (let step = 0; step < STEPS; step++) atDepth(DEPTH, handle);
    return answered;
  };
}

function newRecord(id) {
  return {
    id,
    name: `customer ${id}`,
    active: id % 5 !== 0,
    tags: ['new', `group-${id % 7}`],
    price: id * 1.1,
  };
}

function toRow(record, seed) {
  const label = `${record.name} (${record.tags.join(', ')})`;
  return { ...record, label, key: `${record.id}:${seed % 1000}`, words: label.split(' ') };
}
