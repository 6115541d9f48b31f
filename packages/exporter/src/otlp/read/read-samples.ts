import type { FrameHandle, Labels, LabelsHandle, ProfileBuilder, StackHandle } from '../../profile/index.js';
import type { ByteReader } from '../../wire/byte-reader.js';
import {
  assertEnd,
  LENGTH_DELIMITED,
  readEnd,
  readInt64,
  skipValue,
  VARINT,
} from '../../wire/proto-fields.js';
import { PROFILE, SAMPLE } from '../otlp-fields.js';
import type { ReadCounts } from './limits.js';
import type { ReadTables } from './read-tables.js';

const FIXED_64 = 1;
const TIMESTAMP_BYTES = 8;
/** Maximum number of attributes of one sample. */
const MAX_ATTRIBUTES = 1024;

/** Adds the samples of OTLP profiles to one profile, as its columns. */
export class SampleReader {
  readonly #reader: ByteReader;
  readonly #tables: ReadTables;
  readonly #builder: ProfileBuilder;
  readonly #labelNames: ReadonlyMap<string, string>;
  readonly #counts: ReadCounts;
  readonly #stacks = new Map<number, StackHandle | undefined>();
  readonly #frames = new Map<number, readonly FrameHandle[]>();
  readonly #labels = new Map<string, LabelsHandle>();
  /** Attributes of the sample. */
  readonly #attributes: number[] = [];
  #value = 0;
  #values = 0;
  #timestamps = 0;
  #stack = 0;
  /** Number of distinct stacks so far. */
  #stackCount = 0;

  /**
   * Creates a reader.
   *
   * @param labelNames labels for attributes of other names
   */
  constructor(
    reader: ByteReader,
    tables: ReadTables,
    builder: ProfileBuilder,
    labelNames: ReadonlyMap<string, string>,
    counts: ReadCounts,
  ) {
    this.#reader = reader;
    this.#tables = tables;
    this.#builder = builder;
    this.#labelNames = labelNames;
    this.#counts = counts;
  }

  /**
   * Reads the samples of the OTLP profile that ends at `end`.
   *
   * @param column column that gets its values
   * @param width number of columns
   */
  read(end: number, column: number, width: number): void {
    const reader = this.#reader;
    const values = new Float64Array(width);
    while (reader.position < end) {
      const tag = reader.varint();
      if (tag !== PROFILE.SAMPLES * 8 + LENGTH_DELIMITED) {
        skipValue(reader, tag, end);
        continue;
      }
      const sampleEnd = readEnd(reader, end);
      this.#sample(sampleEnd);
      reader.position = sampleEnd;
      values[column] = this.#total();
      if (values[column] === 0) continue;
      this.#builder.add(this.#stackHandle(this.#stack), values, this.#labelsHandle());
    }
    assertEnd(reader, end);
  }

  #sample(end: number): void {
    const reader = this.#reader;
    this.#attributes.length = 0;
    this.#stack = 0;
    this.#value = 0;
    this.#values = 0;
    this.#timestamps = 0;
    while (reader.position < end) {
      const tag = reader.varint();
      switch (tag) {
        case SAMPLE.STACK_INDEX * 8 + VARINT:
          this.#stack = readInt64(reader);
          break;
        case SAMPLE.VALUES * 8 + VARINT:
          this.#addValue();
          break;
        case SAMPLE.VALUES * 8 + LENGTH_DELIMITED: {
          const listEnd = readEnd(reader, end);
          while (reader.position < listEnd) this.#addValue();
          assertEnd(reader, listEnd);
          break;
        }
        case SAMPLE.ATTRIBUTE_INDICES * 8 + VARINT:
          this.#addAttribute();
          break;
        case SAMPLE.ATTRIBUTE_INDICES * 8 + LENGTH_DELIMITED: {
          const listEnd = readEnd(reader, end);
          while (reader.position < listEnd) this.#addAttribute();
          assertEnd(reader, listEnd);
          break;
        }
        case SAMPLE.TIMESTAMPS_UNIX_NANO * 8 + FIXED_64:
          this.#timestamps += 1;
          reader.position += TIMESTAMP_BYTES;
          break;
        case SAMPLE.TIMESTAMPS_UNIX_NANO * 8 + LENGTH_DELIMITED: {
          const listEnd = readEnd(reader, end);
          this.#timestamps += Math.floor((listEnd - reader.position) / TIMESTAMP_BYTES);
          reader.position = listEnd;
          break;
        }
        default:
          skipValue(reader, tag, end);
      }
    }
    assertEnd(reader, end);
  }

  #addValue(): void {
    this.#value += readInt64(this.#reader);
    this.#values += 1;
  }

  #addAttribute(): void {
    if (this.#attributes.length === MAX_ATTRIBUTES)
      throw new Error(`a sample has more than the limit of ${MAX_ATTRIBUTES} attributes`);
    this.#attributes.push(readInt64(this.#reader));
  }

  /** Returns the sum of the values. A timestamp without a value stands for 1. */
  #total(): number {
    if (this.#timestamps === 0 && this.#values !== 1)
      throw new Error(`a sample without timestamps has ${this.#values} values`);
    return this.#values === 0 ? this.#timestamps : this.#value;
  }

  #stackHandle(index: number): StackHandle | undefined {
    if (this.#stacks.has(index)) return this.#stacks.get(index);
    const builder = this.#builder;
    const locations = this.#tables.stack(index);
    let stack: StackHandle | undefined;
    // Count all frames before the first is added, because adding takes longer.
    for (const location of locations) this.#counts.frames(this.#framesOf(location).length);
    for (let at = locations.length - 1; at >= 0; at--) {
      for (const frame of this.#framesOf(locations[at]!)) stack = builder.stack(stack, frame);
    }
    // Handles are numbers from 0 in the order of their creation.
    if (stack !== undefined && stack >= this.#stackCount) {
      this.#counts.entries(stack + 1 - this.#stackCount);
      this.#stackCount = stack + 1;
    }
    this.#counts.entries(1);
    this.#stacks.set(index, stack);
    return stack;
  }

  #framesOf(location: number): readonly FrameHandle[] {
    let frames = this.#frames.get(location);
    if (frames === undefined) {
      frames = this.#tables.frames(this.#builder, location);
      this.#counts.entries(1);
      this.#frames.set(location, frames);
    }
    return frames;
  }

  #labelsHandle(): LabelsHandle | undefined {
    if (this.#attributes.length === 0) return undefined;
    const key = this.#attributes.join(',');
    let handle = this.#labels.get(key);
    if (handle === undefined) {
      this.#counts.entries(this.#attributes.length + 1);
      handle = this.#builder.labels(this.#labelsOf(this.#attributes));
      this.#labels.set(key, handle);
    }
    return handle;
  }

  /** Returns the labels of these attributes. Several values of one key are joined with commas into one text. */
  #labelsOf(attributes: readonly number[]): Labels {
    const labels = new Map<string, string | number>();
    for (const index of attributes) {
      const { key, values } = this.#tables.attribute(index);
      const name = this.#labelNames.get(key) ?? key;
      const [first = '', ...more] = values;
      const value = more.length === 0 ? first : values.join(',');
      if (name === '' || value === '') continue;
      const before = labels.get(name);
      const joined = before === undefined ? value : `${before},${value}`;
      this.#counts.labelCharacters(name.length + `${joined}`.length);
      labels.set(name, joined);
    }
    return Object.fromEntries(labels);
  }
}
