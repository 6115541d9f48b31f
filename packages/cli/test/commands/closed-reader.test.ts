// The reader of standard output closes it, as `head` does: the command reads and writes no further.
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { addConvert } from '../../src/commands/convert.js';
import { addParse } from '../../src/commands/parse.js';
import { commandIo, useCommandIo } from '../../src/io/current-io.js';
import { ProcessIo } from '../../src/io/process-io.js';
import { captureFile } from '../support/captures.js';
import { rawCapture } from '../watch/support/captures.js';

const CAPTURE = rawCapture(captureFile('threads.v13.bin'));
const PIECE = 500;
const PIECES = Math.ceil(CAPTURE.length / PIECE);

/** Standard input has a capture in pieces. Standard output is closed after `writes` writes. */
class ClosedIo extends ProcessIo {
  readonly #writes: number;
  readonly errors: string[] = [];
  piecesRead = 0;
  written = 0;

  constructor(writes: number) {
    super();
    this.#writes = writes;
  }

  override async write(): Promise<boolean> {
    this.written += 1;
    return this.written <= this.#writes;
  }

  override writeError(text: string): void {
    this.errors.push(text);
  }

  override async *stdin(): AsyncGenerator<Uint8Array> {
    while (this.piecesRead < PIECES) {
      const start = this.piecesRead * PIECE;
      this.piecesRead += 1;
      yield CAPTURE.subarray(start, start + PIECE);
    }
  }
}

async function run(args: readonly string[], writes: number): Promise<ClosedIo> {
  const before = commandIo();
  atEnd(() => useCommandIo(before));
  const io = new ClosedIo(writes);
  useCommandIo(io);
  const program = new Command();
  addParse(program);
  addConvert(program);
  await program.parseAsync(args, { from: 'user' });
  return io;
}

test.each([[['parse', '-']], [['convert', '-', '-o', '-', '--to', 'memray']]])(
  '%j stops reading',
  async (args) => {
    const closed = await run(args, 2);
    expect(closed.written).toBe(3);
    expect(closed.piecesRead).toBeLessThan(PIECES / 2);
    expect(closed.errors).toEqual([]);
    const open = await run(args, Infinity);
    expect(open.piecesRead).toBe(PIECES);
  },
);
