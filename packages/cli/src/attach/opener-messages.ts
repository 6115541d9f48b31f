import type { OpenInspector } from './open-inspector.js';

/** Name of the opener as a user of the inspector. */
export const OPENER = 'opener';

/** Result of the opener, sent to the process that has started it. */
export type OpenerMessage = { readonly opened: OpenInspector } | { readonly refused: string };
