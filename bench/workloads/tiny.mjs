// Computes with tiny methods, which the optimizer inlines, and allocates hardly anything.
const POINTS = 2_000;
const STEPS = 40;

class Point {
  #x;
  #y;

  constructor(x, y) {
    this.#x = x;
    this.#y = y;
  }

  get x() {
    return this.#x;
  }

  get y() {
    return this.#y;
  }

  dot(other) {
    return this.x * other.x + this.y * other.y;
  }
}

const scaled = (value, by) => value * by;
const bounded = (value) => (value > 1e6 ? value - 1e6 : value);

export function createTinyMethods() {
  const points = Array.from({ length: POINTS }, (_, at) => new Point(at % 97, at % 31));
  let total = 0;
  return () => {
    for (let step = 0; step < STEPS; step++) {
      for (let at = 1; at < points.length; at++)
        total = bounded(total + scaled(points[at].dot(points[at - 1]), 0.5));
    }
    return total;
  };
}

/** Passes arrays through small callbacks. */
export function createCallbacks() {
  const numbers = Array.from({ length: POINTS }, (_, at) => at);
  let total = 0;
  return () => {
    for (let step = 0; step < STEPS; step++) {
      total += numbers
        .map((value) => value * 3)
        .filter((value) => value % 2 === 0)
        .reduce((sum, value) => sum + value, 0);
    }
    return total;
  };
}
