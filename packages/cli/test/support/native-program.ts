// Shared libraries with each code layout of linkers, and a Python program that allocates in them.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { binutils } from '../../../../test/support/peers.js';
import { runCommand } from '../../../../test/support/run-command.js';

/** Linker options by library name. The offset of the code in the file equals that in memory, or differs. */
const LAYOUTS: Readonly<Record<string, readonly string[]>> = {
  near: [],
  far: ['-Ttext=0x50000'],
  joined: ['-z', 'noseparate-code'],
  moved: ['-Ttext-segment=0x100000'],
  huge: ['-z', 'separate-code', '-z', 'max-page-size=0x200000'],
};

/** Code of `hold_<library>_<n>` before and after it calls `malloc` with its own argument. */
const CALLS: Readonly<Record<string, readonly [string, string]>> = {
  x64: [
    'subq $8, %rsp\n .cfi_adjust_cfa_offset 8\n call malloc@PLT',
    'addq $8, %rsp\n .cfi_adjust_cfa_offset -8',
  ],
  arm64: [
    'stp x29, x30, [sp, -16]!\n .cfi_def_cfa_offset 16\n .cfi_offset 29, -16\n .cfi_offset 30, -8\n mov x29, sp\n bl malloc',
    'ldp x29, x30, [sp], 16\n .cfi_restore 29\n .cfi_restore 30\n .cfi_def_cfa_offset 0',
  ],
};

const FUNCTIONS_EACH = 2;

/** More than any other function allocates. */
const LEAST_BYTES = 200_000_000;

/** A function that allocates, and how much. */
export interface Holder {
  readonly name: string;
  readonly library: string;
  readonly bytes: number;
}

/** All functions, the largest first. */
export const HOLDERS: readonly Holder[] = Object.keys(LAYOUTS)
  .flatMap((library) =>
    Array.from({ length: FUNCTIONS_EACH }, (_, at) => ({ library, name: `hold_${library}_${at}` })),
  )
  .map((holder, at) => ({ ...holder, bytes: LEAST_BYTES - 1_000_000 * at }));

/** True if there is assembly code for this machine. */
export const CAN_BUILD: boolean = process.arch in CALLS;

const sourceOf = (library: string) => {
  const [before, after] = CALLS[process.arch]!;
  const functions = HOLDERS.filter((holder) => holder.library === library).map(
    ({ name }) => `
 .globl ${name}
 .type ${name}, %function
${name}:
 .cfi_startproc
 ${before}
 ${after}
 ret
 .cfi_endproc
 .size ${name}, . - ${name}`,
  );
  return ` .text${functions.join('')}\n .section .note.GNU-stack,"",%progbits\n`;
};

/** Calls each function once. Python's own C modules allocate as well. */
const PROGRAM = `
import bz2, ctypes, json, lzma, pickle, sqlite3, zlib
kept = []
def hold(library, name, size):
    function = getattr(ctypes.CDLL(library), name)
    function.restype = ctypes.c_void_p
    kept.append(function(ctypes.c_size_t(size)))
${HOLDERS.map(({ library, name, bytes }) => `hold("./lib${library}.so", "${name}", ${bytes})`).join('\n')}
kept.append(json.loads('"' + "x" * 3_000_000 + '"'))
kept.append(pickle.dumps(bytes(2_000_000)))
kept.append([zlib.compressobj(9), lzma.LZMACompressor(preset=6), bz2.BZ2Compressor(9)])
shop = sqlite3.connect(":memory:")
shop.execute("create table orders(lines)")
shop.executemany("insert into orders values(?)", [(b"x" * 10_000,)] * 400)
kept.append(bytearray(4_000_000))
`;

/** Builds the libraries and writes the program, `native.py`. */
export async function writeNativeProgram(folder: string): Promise<void> {
  const tool = async (name: string, args: readonly string[]) => {
    const { status, stderr } = await runCommand(binutils(name), args, { cwd: folder });
    expect(status, stderr).toBe(0);
  };
  for (const [library, layout] of Object.entries(LAYOUTS)) {
    writeFileSync(path.join(folder, `${library}.s`), sourceOf(library));
    // `go tool pprof` only finds functions with DWARF.
    await tool('as', ['-gdwarf-5', '-o', `${library}.o`, `${library}.s`]);
    await tool('ld', ['-shared', ...layout, '-o', `lib${library}.so`, `${library}.o`]);
  }
  writeFileSync(path.join(folder, 'native.py'), PROGRAM);
}
