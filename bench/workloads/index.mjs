// The workloads by name. Each makes a function that runs one chunk, which is always the same work.
import { createWorkload as buf } from './buf.mjs';
import { createWorkload as json } from './json.mjs';
import { createWorkload as lru } from './lru.mjs';
import { createCallbacks as callbacks, createTinyMethods as tiny } from './tiny.mjs';

export const WORKLOADS = { json, lru, buf };
/** Workloads that are fast because the optimizer inlines functions. */
export const INLINED_WORKLOADS = { tiny, callbacks };
