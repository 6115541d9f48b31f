// Line plots as SVG with logarithmic axes. Written by hand, because a plot is only a hundred elements.

const WIDTH = 720;
const HEIGHT = 420;
const BOX = { left: 64, right: 180, top: 40, bottom: 56 };
const COLORS = ['#b45309', '#6d28d9', '#0f766e', '#1d4ed8'];
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * @param series `[{ name, points: [[x, y], ...] }]`, all above zero
 * @param ticks `{ x, y }`: the marks on the axes
 */
export function linePlot({ title, xLabel, yLabel, series, ticks }) {
  const x = scale(ticks.x, BOX.left, WIDTH - BOX.right);
  const y = scale(ticks.y, HEIGHT - BOX.bottom, BOX.top);
  const parts = [
    text(BOX.left, 22, title, 'font-size="15" font-weight="600"'),
    ...ticks.x.flatMap((tick) => [
      line(x(tick), y(ticks.y[0]), x(tick), BOX.top),
      tickText(x(tick), HEIGHT - 36, tick, 'middle'),
    ]),
    ...ticks.y.flatMap((tick) => [
      line(BOX.left, y(tick), WIDTH - BOX.right, y(tick)),
      tickText(BOX.left - 8, y(tick) + 4, tick, 'end'),
    ]),
    text((BOX.left + WIDTH - BOX.right) / 2, HEIGHT - 12, xLabel, 'text-anchor="middle"'),
    `<text transform="translate(16 ${(HEIGHT - BOX.bottom + BOX.top) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...series.flatMap((one, at) => drawSeries(one, COLORS[at % COLORS.length], x, y)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

function drawSeries({ name, points }, color, x, y) {
  const path = points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`);
  const [lastX, lastY] = points.at(-1);
  return [
    `<polyline points="${path.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...path.map((at) => `<circle cx="${at.split(',')[0]}" cy="${at.split(',')[1]}" r="3" fill="${color}"/>`),
    text(x(lastX) + 8, y(lastY) + 4, `${name}, ${lastY.toPrecision(2)}`, `fill="${color}"`),
  ];
}

/** Returns a logarithmic scale from the first to the last tick; values beyond are drawn at the edge. */
function scale(ticks, from, to) {
  const low = Math.log(ticks[0]);
  const high = Math.log(ticks.at(-1));
  return (value) => from + (to - from) * Math.min(1, Math.max(0, (Math.log(value) - low) / (high - low)));
}

function line(x1, y1, x2, y2) {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#e5e7eb"/>`;
}

function tickText(x, y, tick, anchor) {
  return text(x, y, String(tick), `text-anchor="${anchor}" fill="#6b7280"`);
}

function text(x, y, content, attributes) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content) {
  return content.replace(/[&<>]/g, (character) => ESCAPES[character]);
}
