// Bare one-pass writers of pprof and OTLP: what the formats cost at least in JavaScript. They write plain numbers that are
// ready: no frames to name, nothing to look up, no checks, no rare values.

/** A buffer with the few functions that both need. It is large enough from the start. */
class Buffer {
  bytes;
  at = 0;

  constructor(size) {
    this.bytes = new Uint8Array(size);
  }

  varint(value) {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  number(tag, value) {
    this.bytes[this.at++] = tag;
    this.varint(value);
  }

  packed(tag, numbers) {
    this.bytes[this.at++] = tag;
    this.varint(packedSize(numbers));
    for (const number of numbers) this.varint(number);
  }

  text(tag, text) {
    this.bytes[this.at++] = tag;
    this.varint(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.at++] = text.charCodeAt(i);
  }

  /** Writes a message of less than 128 bytes. */
  small(tag, write) {
    this.bytes[this.at] = tag;
    const start = this.at + 2;
    this.at = start;
    write(this);
    this.bytes[start - 1] = this.at - start;
  }

  /** Writes a message of any size. */
  large(tag, write) {
    this.bytes[this.at] = tag;
    const start = this.at + 6;
    this.at = start;
    write(this);
    const length = this.at - start;
    this.at = start - 5;
    this.varint(length);
    this.bytes.copyWithin(this.at, start, start + length);
    this.at += length;
  }

  done() {
    return this.bytes.subarray(0, this.at);
  }
}

function size(value) {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 4 + size(Math.floor(value / 0x10000000));
}

function packedSize(numbers) {
  let bytes = 0;
  for (const number of numbers) bytes += size(number);
  return bytes;
}

function valueType(tag, [type, unit]) {
  return (out) =>
    out.small(tag, () => {
      out.number(0x08, type);
      out.number(0x10, unit);
    });
}

/** Writes pprof. Numbers of locations and functions are their ids; label values are texts. */
export function barePprof({ columns, samples, locations, functions, strings, key }) {
  const out = new Buffer(2 ** 23);
  for (const column of columns) valueType(0x0a, column)(out);
  for (const { stack, values, label } of samples) {
    const stackSize = packedSize(stack);
    const valuesSize = packedSize(values);
    const labelSize = 2 + size(key) + size(label);
    out.number(0x12, 2 + size(stackSize) + stackSize + size(valuesSize) + valuesSize + 2 + labelSize);
    out.packed(0x0a, stack);
    out.packed(0x12, values);
    out.number(0x1a, labelSize);
    out.number(0x08, key);
    out.number(0x10, label);
  }
  for (const { id, fn, line, column } of locations) {
    out.small(0x22, () => {
      out.number(0x08, id);
      out.number(0x10, 1);
      out.small(0x22, () => {
        out.number(0x08, fn);
        out.number(0x10, line);
        out.number(0x18, column);
      });
    });
  }
  for (const { id, name, file, line } of functions) {
    out.small(0x2a, () => {
      out.number(0x08, id);
      out.number(0x10, name);
      out.number(0x18, name);
      out.number(0x20, file);
      out.number(0x28, line);
    });
  }
  for (const text of strings) out.text(0x32, text);
  return out.done();
}

/** Writes OTLP with a profile for each column. `stackNumbers` and `attributes` are the indices of each sample. */
export function bareOtlp({
  columns,
  samples,
  locations,
  functions,
  strings,
  key,
  labels,
  stackNumbers,
  attributes,
}) {
  const out = new Buffer(2 ** 24);
  out.large(0x0a, () => {
    out.small(0x0a, () => {});
    out.large(0x12, () => {
      for (const [column, type] of columns.entries()) {
        out.large(0x12, () => {
          valueType(0x0a, type)(out);
          for (let row = 0; row < samples.length; row++) {
            const value = samples[row].values[column];
            const stack = stackNumbers[row];
            const attribute = attributes[row];
            out.number(0x12, 5 + size(stack) + size(attribute) + size(value));
            out.number(0x08, stack);
            out.number(0x12, size(attribute));
            out.varint(attribute);
            out.number(0x22, size(value));
            out.varint(value);
          }
        });
      }
    });
  });
  out.large(0x12, () => {
    out.small(0x0a, () => {});
    out.small(0x12, () => {});
    for (const { fn, line, column } of locations) {
      out.small(0x12, () => {
        out.small(0x1a, () => {
          out.number(0x08, fn);
          out.number(0x10, line);
          out.number(0x18, column);
        });
        out.number(0x22, 1);
        out.varint(1);
      });
    }
    out.small(0x1a, () => {});
    for (const { name, file, line } of functions) {
      out.small(0x1a, () => {
        out.number(0x08, name);
        out.number(0x18, file);
        out.number(0x20, line);
      });
    }
    out.small(0x22, () => {});
    for (const text of strings) out.text(0x2a, text);
    out.small(0x32, () => {});
    for (const label of labels) {
      out.small(0x32, () => {
        out.number(0x08, key);
        out.small(0x12, () => out.text(0x0a, label));
      });
    }
    out.small(0x3a, () => {});
    for (const { stack } of samples) {
      const bytes = packedSize(stack);
      out.number(0x3a, 1 + size(bytes) + bytes);
      out.packed(0x0a, stack);
    }
  });
  return out.done();
}
