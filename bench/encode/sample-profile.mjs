// The profile that is encoded: as a `Profile`, and as plain numbers for the writers that it is compared with.
import { ProfileBuilder } from '@heapray/exporter';

const COLUMNS = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
];
const LABEL = 'package';
const LABELS = 200;

/**
 * Returns samples with random stacks.
 *
 * @param shared whether stacks share callers as those of a program do: each begins with a part of an earlier one. Otherwise
 *   all frames are random.
 */
export function sampleProfile({ samples, depth, functions, locations, shared }) {
  const random = generator(1);
  const below = (limit) => Math.floor(random() * limit);
  const code = codeOf(functions, locations);
  const rows = [];
  const stacks = new Set();
  while (rows.length < samples) {
    const length = depth - 6 + below(13);
    // Root first.
    const kept =
      shared && rows.length > 0 ? rows[below(rows.length)].rootFirst.slice(0, below(length - 1)) : [];
    const rootFirst = [...kept, ...Array.from({ length: length - kept.length }, () => below(locations))];
    const identity = rootFirst.join();
    if (stacks.has(identity)) continue;
    stacks.add(identity);
    const values = [1 + below(100_000), 1 + below(2 ** 31), 1 + below(1000), 1 + below(2 ** 24)];
    rows.push({ rootFirst, values, label: below(LABELS) });
  }
  return { profile: profileOf(rows, code), plain: plainOf(rows, code) };
}

function codeOf(functions, locations) {
  return {
    functions: Array.from({ length: functions }, (_, at) => ({
      name: `handleRequest${at}`,
      file: `/srv/app/node_modules/package${at % LABELS}/lib/file${at % 700}.js`,
      line: 1 + (at % 900),
    })),
    locations: Array.from({ length: locations }, (_, at) => ({
      fn: at % functions,
      line: 1 + (at % 900) + Math.floor(at / functions),
      column: 1 + (at % 60),
    })),
    labels: Array.from({ length: LABELS }, (_, at) => `package${at}`),
  };
}

function profileOf(rows, { functions, locations, labels }) {
  const builder = new ProfileBuilder({ columns: COLUMNS, timeNanos: 0n, durationNanos: 0n });
  const frames = locations.map(({ fn, line, column }) => {
    const { name, file, line: startLine } = functions[fn];
    return builder.frame(name, file, line, column, startLine);
  });
  const sets = labels.map((label) => builder.labels({ [LABEL]: label }));
  for (const { rootFirst, values, label } of rows) {
    let stack;
    for (const location of rootFirst) stack = builder.stack(stack, frames[location]);
    builder.add(stack, values, sets[label]);
  }
  return builder.build();
}

/** Numbers everything from 1, as both formats do. */
function plainOf(rows, { functions, locations, labels }) {
  const strings = [''];
  const numbers = new Map([['', 0]]);
  const string = (text) => {
    if (!numbers.has(text)) numbers.set(text, strings.push(text) - 1);
    return numbers.get(text);
  };
  return {
    columns: COLUMNS.map(({ type, unit }) => [string(type), string(unit)]),
    key: string(LABEL),
    labels,
    samples: rows.map(({ rootFirst, values, label }) => ({
      stack: rootFirst.map((location) => location + 1).reverse(),
      values,
      label: string(labels[label]),
    })),
    stackNumbers: rows.map((_, at) => at + 1),
    attributes: rows.map(({ label }) => label + 1),
    locations: locations.map(({ fn, line, column }, at) => ({ id: at + 1, fn: fn + 1, line, column })),
    functions: functions.map(({ name, file, line }, at) => {
      return { id: at + 1, name: string(name), file: string(file), line };
    }),
    strings,
  };
}

/** Returns random numbers from 0 to 1, the same in each run (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
