import type * as Inspector from 'node:inspector';
import type { FunctionLocation } from '../ledger/index.js';

/** Where the inspector's evaluation finds the function; set only while it looks. */
const SLOT = 'heapray.locate';

/**
 * Where a function starts, by V8's own account, which is how the sampler's stacks name it too. Costs less
 * than a millisecond; done once for each wrapped function.
 *
 * @returns undefined for what has no place in a script: native functions, and when the inspector refuses
 */
export function locateFunction(session: Inspector.Session, work: unknown): FunctionLocation | undefined {
  const slots = globalThis as unknown as Record<symbol, unknown>;
  const slot = Symbol.for(SLOT);
  slots[slot] = work;
  try {
    return locate(session);
  } catch {
    return undefined;
  } finally {
    delete slots[slot];
  }
}

function locate(session: Inspector.Session): FunctionLocation | undefined {
  let location: FunctionLocation | undefined;
  const expression = `globalThis[Symbol.for(${JSON.stringify(SLOT)})]`;
  // The own isolate answers before `post` returns.
  session.post('Runtime.evaluate', { expression }, (error, evaluated) => {
    const objectId = evaluated?.result?.objectId;
    if (error || !objectId) return;
    session.post('Runtime.getProperties', { objectId, ownProperties: true }, (failure, properties) => {
      if (failure) return;
      const entry = properties.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]');
      location = entry?.value?.value as FunctionLocation | undefined;
    });
    session.post('Runtime.releaseObject', { objectId });
  });
  return location;
}
