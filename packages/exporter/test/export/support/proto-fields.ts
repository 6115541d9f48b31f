// Splits a protobuf message into fields, without knowledge of its schema. Independent of the packages' own code.

/** Numbers (of varints and fixed fields) and bytes, in the order in which they occur. */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

export function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= bytes.length || shift > 63n) throw new Error('a varint has no end');
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  };
  const value = (wire: number): bigint | Uint8Array => {
    if (wire === 0) return varint();
    if (wire === 1 || wire === 5) {
      const size = wire === 1 ? 8 : 4;
      at += size;
      return size === 8 ? view.getBigUint64(at - 8, true) : BigInt(view.getUint32(at - 4, true));
    }
    if (wire !== 2) throw new Error(`wire type ${wire}`);
    const length = Number(varint());
    if (at + length > bytes.length) throw new Error('a field ends after the message');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const known = fields.get(tag >> 3) ?? [];
    known.push(value(tag & 7));
    fields.set(tag >> 3, known);
  }
  return fields;
}

/** Returns the integers of a repeated field, packed or not, as signed numbers. */
export function integers(fields: Fields, field: number): readonly bigint[] {
  return (fields.get(field) ?? []).flatMap((value) => {
    return typeof value === 'bigint' ? [signed(value)] : packed(value);
  });
}

/** Returns the last integer of a field; 0 without one. */
export function integer(fields: Fields, field: number): bigint {
  return integers(fields, field).at(-1) ?? 0n;
}

/** Returns the bytes of a repeated field. */
export function pieces(fields: Fields, field: number): readonly Uint8Array[] {
  return (fields.get(field) ?? []).filter((value) => typeof value !== 'bigint');
}

/** Returns the messages of a repeated field. */
export function messages(fields: Fields, field: number): readonly Fields[] {
  return pieces(fields, field).map(fieldsOf);
}

function packed(bytes: Uint8Array): readonly bigint[] {
  const values: bigint[] = [];
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    values.push(signed(BigInt.asUintN(64, value)));
    value = 0n;
    shift = 0n;
  }
  if (shift !== 0n) throw new Error('a packed field has no end');
  return values;
}

function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
