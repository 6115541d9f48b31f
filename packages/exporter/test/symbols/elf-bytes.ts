// ELF files of a few hundred bytes: a segment of code, symbols, a build ID.

/** A symbol. Types are those of ELF; 2 is a function. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  readonly type?: number;
  readonly isLocal?: boolean;
  /** Number of the section; 0 for a symbol of another file. */
  readonly section?: number;
}

export interface ElfParts {
  readonly symbols?: readonly ElfSymbol[];
  /** Type of the symbol section: 2 is `.symtab`, 11 is `.dynsym`. */
  readonly tableType?: number;
  readonly buildId?: string;
  /** Address of the code, which starts at 0x1000 in the file. */
  readonly codeAddress?: number;
  readonly codeBytes?: number;
}

const TABLE = 0x400;

/** Returns the bytes of such a file. */
export function elfBytes(parts: ElfParts): Buffer {
  const { symbols = [], tableType = 2, buildId = '', codeAddress = 0x1000, codeBytes = 0x1000 } = parts;
  const names = Buffer.from(`\0${symbols.map(({ name }) => `${name}\0`).join('')}`);
  const table = Buffer.alloc(24 * symbols.length);
  let nameAt = 1;
  for (const [at, { name, address, size, type = 2, isLocal = false, section = 1 }] of symbols.entries()) {
    const entry = table.subarray(24 * at);
    entry.writeUInt32LE(nameAt, 0);
    entry[4] = ((isLocal ? 0 : 1) << 4) | type;
    entry.writeUInt16LE(section, 6);
    entry.writeBigUInt64LE(BigInt(address), 8);
    entry.writeBigUInt64LE(BigInt(size), 16);
    nameAt += Buffer.byteLength(name) + 1;
  }
  const id = Buffer.from(buildId, 'hex');
  const note = Buffer.concat([words(4, id.length, 3), Buffer.from('GNU\0'), id]);
  const noteAt = TABLE + table.length;
  const namesAt = noteAt + note.length;
  const sections = Buffer.concat([
    section({ type: 0 }),
    section({ type: tableType, offset: TABLE, bytes: table.length, link: 2, entryBytes: 24 }),
    section({ type: 3, offset: namesAt, bytes: names.length }),
    section({ type: 7, offset: noteAt, bytes: buildId === '' ? 0 : note.length }),
  ]);
  const sectionsAt = namesAt + names.length;
  const start = Buffer.alloc(TABLE);
  start.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  start.writeBigUInt64LE(64n, 32);
  start.writeBigUInt64LE(BigInt(sectionsAt), 40);
  start.writeUInt16LE(56, 54);
  start.writeUInt16LE(1, 56);
  start.writeUInt16LE(64, 58);
  start.writeUInt16LE(4, 60);
  start.set(Buffer.concat([words(1, 5), longs(0x1000, codeAddress, codeAddress, codeBytes, codeBytes)]), 64);
  return Buffer.concat([start, table, note, names, sections]);
}

interface SectionParts {
  readonly type: number;
  readonly offset?: number;
  readonly bytes?: number;
  readonly link?: number;
  readonly entryBytes?: number;
}

function section({ type, offset = 0, bytes = 0, link = 0, entryBytes = 0 }: SectionParts): Buffer {
  return Buffer.concat([words(0, type), longs(0, 0, offset, bytes), words(link, 0), longs(0, entryBytes)]);
}

function words(...values: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function longs(...values: readonly number[]): Buffer {
  return Buffer.from(BigUint64Array.from(values.map(BigInt)).buffer);
}
