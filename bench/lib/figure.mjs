// A figure: one measured quantity with its spread, and its target, if it has one.
import { median } from './statistics.mjs';

/**
 * @param target `{ atLeast }`, `{ atMost }`, or nothing for a figure without target
 * @param value the value that is compared with the target; default: the median of the values
 */
export function figure({ part, what, unit, values, target, value = median(values) }) {
  const missed = target !== undefined && !meets(value, target);
  return {
    part,
    what,
    unit,
    value,
    min: Math.min(...values),
    max: Math.max(...values),
    runs: values.length,
    ...(target && { target, missed }),
  };
}

/** Returns whether the value meets the target. A figure that cannot be measured, e.g. on some Node, is NaN and misses it. */
function meets(value, { atLeast, atMost }) {
  if (atLeast !== undefined) return value >= atLeast;
  return value <= atMost;
}
