// Takes the place of d3-transition in the bundle. d3-flame-graph makes up to four transitions for each frame, and lets new frames grow
// for 250 ms whatever duration it is given. Here, a transition sets its values at once.
import { selection } from 'd3-selection';

function same<T>(this: T): T {
  return this;
}

Object.assign(selection.prototype, { transition: same, duration: same, delay: same, ease: same });
