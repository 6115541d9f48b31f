/** The member `snapshot` of a file: layout of its lists, and their lengths. */
export interface SnapshotMeta {
  readonly nodeFields: readonly string[];
  readonly nodeTypes: readonly string[];
  readonly edgeFields: readonly string[];
  readonly edgeTypes: readonly string[];
  readonly locationFields: readonly string[];
  readonly traceFunctionFields: readonly string[];
  readonly traceNodeFields: readonly string[];
  readonly nodeCount: number;
  readonly edgeCount: number;
}

/** Fields that a row must have. */
const NODE_FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count'];
const EDGE_FIELDS = ['type', 'name_or_index', 'to_node'];
const MAX_FIELDS = 64;
/** Types are stored in 7 bits. */
const MAX_TYPES = 128;
const MAX_COUNT = 2 ** 32 - 2;

/**
 * Reads the member `snapshot`.
 *
 * @throws Error with the reason when it is not valid
 */
export function parseMeta(text: string): SnapshotMeta {
  const snapshot = objectIn(JSON.parse(text) as unknown, 'snapshot');
  const meta = objectIn(snapshot.meta, 'meta');
  const nodeFields = fieldsOf(meta, 'node_fields', NODE_FIELDS);
  const edgeFields = fieldsOf(meta, 'edge_fields', EDGE_FIELDS);
  return {
    nodeFields,
    nodeTypes: typesOf(meta, 'node_types', nodeFields),
    edgeFields,
    edgeTypes: typesOf(meta, 'edge_types', edgeFields),
    locationFields: namesOf(meta, 'location_fields'),
    traceFunctionFields: namesOf(meta, 'trace_function_info_fields'),
    traceNodeFields: namesOf(meta, 'trace_node_fields'),
    nodeCount: countOf(snapshot, 'node_count'),
    edgeCount: countOf(snapshot, 'edge_count'),
  };
}

function objectIn(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error(`\`${name}\` is not an object`);
}

function memberOf(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function fieldsOf(meta: Record<string, unknown>, key: string, needed: readonly string[]): readonly string[] {
  const fields = namesOf(meta, key);
  const missing = needed.find((field) => !fields.includes(field));
  if (missing !== undefined) throw new Error(`\`${key}\` has no \`${missing}\``);
  return fields;
}

/** Returns a list of names; empty if it is missing or something else. */
function namesOf(meta: Record<string, unknown>, key: string): readonly string[] {
  const value = memberOf(meta, key);
  if (!Array.isArray(value) || value.length > MAX_FIELDS) return [];
  return value.every((name) => typeof name === 'string') ? (value as string[]) : [];
}

/** Returns the names of types, which are a list at the place of the field `type`. */
function typesOf(meta: Record<string, unknown>, key: string, fields: readonly string[]): readonly string[] {
  const kinds = memberOf(meta, key);
  const types: unknown = Array.isArray(kinds) ? (kinds as unknown[])[fields.indexOf('type')] : undefined;
  if (!Array.isArray(types) || types.length > MAX_TYPES || !types.every((name) => typeof name === 'string')) {
    throw new Error(`\`${key}\` does not name the types`);
  }
  return types as string[];
}

function countOf(snapshot: Record<string, unknown>, key: string): number {
  const value = memberOf(snapshot, key);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT) return value;
  throw new Error(`\`${key}\` is not a number of rows`);
}
