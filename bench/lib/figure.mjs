// A figure: one measured quantity with its spread, and the target it is held against, if it has one.
import { median } from './statistics.mjs';

/**
 * @param target `{ atLeast }`, `{ atMost }`, or nothing for a figure that only informs
 * @param value what counts against the target; the median of the values without it
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

/** A figure that cannot be measured, e.g. on some Node, is missed too: NaN meets no target. */
function meets(value, { atLeast, atMost }) {
  if (atLeast !== undefined) return value >= atLeast;
  return value <= atMost;
}
