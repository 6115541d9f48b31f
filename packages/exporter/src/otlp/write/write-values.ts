import type { ResourceAttributes } from '../../profile/index.js';
import type { ProtoWriter } from '../../wire/proto-writer.js';
import { ANY_VALUE, KEY_VALUE, LIST } from '../otlp-fields.js';

/** Writes attributes of a resource or scope, which have their keys as texts. */
export function writeAttributes(field: number, attributes: ResourceAttributes, writer: ProtoWriter): void {
  for (const [key, value] of Object.entries(attributes)) {
    const start = writer.open(field);
    writer.text(KEY_VALUE.KEY, key);
    writeValue(KEY_VALUE.VALUE, value, writer);
    writer.close(start);
  }
}

/** Writes an `AnyValue`. Numbers beyond the safe integers become doubles. */
export function writeValue(
  field: number,
  value: string | number | boolean | readonly string[],
  writer: ProtoWriter,
): void {
  const start = writer.open(field);
  if (typeof value === 'string') writer.element(ANY_VALUE.STRING, value);
  else if (typeof value === 'boolean') writer.number(ANY_VALUE.BOOL, value ? 1 : 0);
  else if (typeof value !== 'number') writeList(value, writer);
  else if (Number.isSafeInteger(value)) writer.number(ANY_VALUE.INT, value);
  else writer.double(ANY_VALUE.DOUBLE, value);
  writer.close(start);
}

function writeList(values: readonly string[], writer: ProtoWriter): void {
  const list = writer.open(ANY_VALUE.ARRAY);
  for (const value of values) writeValue(LIST.VALUES, value, writer);
  writer.close(list);
}
