// The screen of `heapray live` as lines, without a terminal.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiveModel } from '../../src/live/model/live-model.js';
import { drawScreen, type ScreenSize } from '../../src/live/screen/draw-screen.js';
import { paint, textOf } from '../../src/live/screen/line.js';
import { FIRST_VIEW, type ViewState } from '../../src/live/view-state.js';
import { textWidth } from '../../src/text/width.js';
import { MIB, type Site, START, stateOf } from './support/states.js';

const SIZES: readonly ScreenSize[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 40, rows: 10 },
];

/** Codes of ECMA-48 for styles. */
const SGR = new RegExp(`${'\u001b'}\\[\\d+m`, 'g');

const SITES: readonly Site[] = Array.from({ length: 60 }, (_, at) => ({
  name: at === 0 ? 'rememberOrder' : `function${at}`,
  file: at % 3 === 0 ? '/srv/app/node_modules/order-cache/lib/index.js' : '/srv/app/src/routes.js',
  line: at + 1,
  packageName: at % 3 === 0 ? 'order-cache' : 'shop',
  inUse: (60 - at) * 100_000,
  objects: 1000 + at,
  callers: ['handle', 'dispatch'],
}));

function modelOf(): LiveModel {
  const model = new LiveModel();
  const resident = {
    peakBytes: 200 * MIB,
    residentBytes: 300 * MIB,
    residentParts: [
      { name: 'anonymous', bytes: 250 * MIB },
      { name: 'files', bytes: 50 * MIB },
    ],
    facts: [['events', '1,234']] as const,
  };
  for (let at = 0; at < 30; at++) {
    const sites = SITES.map((site) => ({
      ...site,
      inUse: site.inUse + (site.name === 'rememberOrder' ? at * MIB : 0),
      allocated: site.inUse + at * MIB * (at % 4),
    }));
    model.update(stateOf(sites, at * 10, resident));
  }
  return model;
}

interface Drawing {
  readonly view?: Partial<ViewState>;
  readonly status?: string;
  readonly model?: LiveModel;
}

function draw(size: ScreenSize, { view, status = '', model = modelOf() }: Drawing = {}) {
  const input = { model, status, source: 'port 7777', nowMillis: START + 300_000 };
  return drawScreen({ ...input, view: { ...FIRST_VIEW, ...view } }, size);
}

function textsOf(size: ScreenSize, drawing?: Drawing): string[] {
  return draw(size, drawing).lines.map((line) => textOf(line, size.columns).trimEnd());
}

describe.each(SIZES)('at $columns x $rows', (size) => {
  test.each<[string, Drawing]>([
    ['table', {}],
    ['growth', { view: { sort: 'growth' } }],
    ['packages', { view: { group: 'package' } }],
    ['files', { view: { group: 'file', filter: 'order' } }],
    ['callers', { view: { mode: 'callers', chosen: modelOf().rows(FIRST_VIEW)[0]!.key } }],
    ['help', { view: { mode: 'help' } }],
    ['typing', { view: { isTyping: true, filter: 'ord' } }],
    ['paused', { view: { isPaused: true } }],
    ['waiting', { model: new LiveModel(), status: 'waiting for a program at port 7777' }],
    ['lost', { status: 'the remote has disconnected; r connects again' }],
  ])('draws %s', async (name, drawing) => {
    const texts = textsOf(size, drawing);
    expect(texts).toHaveLength(size.rows);
    await expect(`${texts.join('\n')}\n`).toMatchFileSnapshot(
      `../golden/live/${name}-${size.columns}x${size.rows}.txt`,
    );
  });
});

test('warnings, such as leak suspects, are at the top at every size', () => {
  for (const size of SIZES) {
    const model = new LiveModel();
    model.update(stateOf(SITES, 0, { warnings: ['leak suspected: rememberOrder grows 1 MiB/min'] }));
    const lines = textsOf(size, { model }).slice(0, 6);
    if (size.rows > 10) expect(lines.join('\n')).toContain('! leak suspected: rememberOrder');
  }
});

test('the chosen row stays visible while it moves', () => {
  const size = SIZES[2]!;
  const model = modelOf();
  const keys = model.rows(FIRST_VIEW).map(({ key }) => key);
  let { view } = draw(size, { model });
  for (const key of keys) {
    const drawn = draw(size, { model, view: { ...view, chosen: key } });
    view = drawn.view;
    const row = drawn.lines.filter(({ style }) => style === 'reverse')[1]!;
    expect(textOf(row, 80)).toContain(model.rows(FIRST_VIEW)[drawn.drawn.chosen]!.name.slice(0, 8));
  }
  expect(view.top).toBeGreaterThan(40);
});

test('without a chosen row, the first rows are shown even if they change', () => {
  const { view } = draw(SIZES[0]!, { view: { top: 40 } });
  expect(view.top).toBe(0);
});

test('no size breaks a line or the screen, whatever the names are', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const site = fc.record({ name: text, file: text, packageName: text, inUse: fc.nat({ max: 2 ** 40 }) });
  const size = fc.record({
    columns: fc.integer({ min: 1, max: 200 }),
    rows: fc.integer({ min: 1, max: 60 }),
  });
  const mode = fc.constantFrom<ViewState['mode']>('table', 'callers', 'help');
  const group = fc.constantFrom<ViewState['group']>('function', 'file', 'package');
  fc.assert(
    fc.property(
      fc.array(site, { maxLength: 8 }),
      size,
      mode,
      group,
      text,
      (sites, screen, shown, by, program) => {
        const model = new LiveModel();
        model.update(stateOf(sites, 0, { program }));
        const chosen = model.rows({ ...FIRST_VIEW, group: by })[0]?.key;
        const { lines } = draw(screen, { model, view: { mode: shown, group: by, chosen } });
        expect(lines).toHaveLength(screen.rows);
        for (const line of lines) {
          expect(textWidth(textOf(line, screen.columns))).toBeLessThanOrEqual(screen.columns);
          const painted = paint(line, screen.columns, true).replaceAll(SGR, '');
          expect(painted).not.toMatch(/[\p{Cc}\u202e]/u);
          expect(textWidth(painted)).toBeLessThanOrEqual(screen.columns);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('without colours, only bold, dim and reverse are used', () => {
  const painted = draw(SIZES[0]!)
    .lines.map((line) => paint(line, 80, false))
    .join('');
  expect(new Set(painted.match(SGR))).toEqual(
    new Set(['\u001b[1m', '\u001b[22m', '\u001b[7m', '\u001b[27m']),
  );
});
