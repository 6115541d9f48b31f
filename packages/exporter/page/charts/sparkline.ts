import { sparkPoints, type Values } from './chart-data.ts';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 120;
const HEIGHT = 28;
/** Space for the width of the line. */
const MARGIN = 2;

/** Returns a small line chart from 0 to the largest value; a text beside it must say the same. */
export function sparkline(values: Values): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'spark');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('viewBox', `${-MARGIN} ${-MARGIN} ${WIDTH + 2 * MARGIN} ${HEIGHT + 2 * MARGIN}`);
  const line = document.createElementNS(SVG, 'polyline');
  line.setAttribute('points', sparkPoints(values, WIDTH, HEIGHT));
  svg.append(line);
  return svg;
}
