import type * as Inspector from 'node:inspector';
import type { FunctionLocation } from '../../protocol/code-place.js';
import { contain } from '../containment/contain.js';
import { processState } from '../containment/process-state.js';

/** Key under which the inspector's evaluation finds the function. */
const SLOT = 'heapray.locate.2';
/** Object group of the evaluation; the inspector retains the objects in it until the group is released. */
const GROUP = 'heapray';
const EXPRESSION = `this[Symbol.for('${SLOT}')].work`;

/**
 * Returns where a function starts according to V8, in the same form as in the sampler's stacks. Takes less
 * than 1 ms; done once for each wrapped function. Retains no reference to the function.
 *
 * @returns undefined for functions without a place in a script (native ones), and when the inspector refuses
 */
export function locateFunction(session: Inspector.Session, work: unknown): FunctionLocation | undefined {
  const slot = processState<{ work?: unknown }>(SLOT, () => ({ work: undefined }));
  slot.work = work;
  const nothing = () => {};
  const location = contain(() => locate(session), nothing);
  slot.work = undefined;
  contain(() => session.post('Runtime.releaseObjectGroup', { objectGroup: GROUP }), nothing);
  return location;
}

function locate(session: Inspector.Session): FunctionLocation | undefined {
  let location: FunctionLocation | undefined;
  const evaluation: Inspector.Runtime.EvaluateParameterType = {
    expression: EXPRESSION,
    objectGroup: GROUP,
    silent: true,
  };
  // The callback runs before `post` returns, as the session is connected to this same isolate.
  session.post('Runtime.evaluate', evaluation, (error, evaluated) => {
    const objectId = evaluated?.result?.objectId;
    if (error || !objectId || evaluated.exceptionDetails) return;
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (failure, properties) => {
      if (failure) return;
      const entry = properties.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
      location = entry?.value?.value as FunctionLocation | undefined;
    });
  });
  return location;
}
