const SVG = 'http://www.w3.org/2000/svg';
/** Distance of the stripes in pixels. */
const PERIOD = 7;

let count = 0;

/** Fills that draw stripes over a colour. An SVG needs one pattern for each colour. */
export class Hatching {
  /** Must be in the document, and not hidden. */
  readonly element: SVGSVGElement = document.createElementNS(SVG, 'svg');
  readonly #prefix = `hatching-${++count}`;
  readonly #byColor = new Map<string, string>();

  constructor() {
    this.element.setAttribute('class', 'patterns');
    this.element.setAttribute('aria-hidden', 'true');
  }

  /** Returns the fill for a colour. */
  fill(color: string): string {
    const known = this.#byColor.get(color);
    if (known !== undefined) return known;
    const id = `${this.#prefix}-${this.#byColor.size}`;
    this.element.append(pattern(id, color));
    const made = `url(#${id})`;
    this.#byColor.set(color, made);
    return made;
  }
}

function pattern(id: string, color: string): SVGElement {
  const whole = { width: `${PERIOD}`, height: `${PERIOD}` };
  const made = svg('pattern', {
    id,
    ...whole,
    patternUnits: 'userSpaceOnUse',
    patternTransform: 'rotate(45)',
  });
  made.append(
    svg('rect', { ...whole, fill: color }),
    // Lighter, so that black text stays readable.
    svg('rect', { width: '3', height: `${PERIOD}`, fill: '#fff', 'fill-opacity': '0.7' }),
  );
  return made;
}

function svg(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
