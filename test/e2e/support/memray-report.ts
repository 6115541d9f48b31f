// Reads reports of the real memray about a capture, for tests to compare with.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type MemrayVersion, memray } from '../../support/peers.js';
import { runCommand } from '../../support/run-command.js';
import { runMemray } from '../../support/run-memray.js';
import { tempFolder } from '../../support/temp-folder.js';

export interface Stats {
  total_num_allocations: number;
  total_bytes_allocated: number;
  /** Present since memray 1.20. */
  top_modules_by_allocation_size: { module: string }[];
  metadata: { start_time: string; end_time: string; peak_memory: number; pid: number; command_line: string };
}

export interface TableRow {
  size: number;
  n_allocations: number;
  /** Written as `function at file:line`. */
  stack_trace: string;
  tid: string;
}

export interface FlameNodes {
  nodes: { value: number[]; name: number[] };
  strings: string[];
}

/** The memray version for each format; each version reads only one. */
export const MEMRAY_OF: Readonly<Record<number, MemrayVersion>> = {
  13: '1.20.0',
  12: '1.19.3',
  11: '1.18.0',
};

/** Runs one version of memray on one capture. Every command must succeed. */
export class MemrayReport {
  readonly #version: MemrayVersion;
  readonly #capture: string;
  readonly #folder = tempFolder();

  constructor(version: MemrayVersion, capture: string) {
    this.#version = version;
    this.#capture = capture;
  }

  /** Returns the output of a command. */
  async print(command: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await runMemray(this.#version, [...command, this.#capture]);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  /** Returns the file that a command writes. */
  async write(command: readonly string[]): Promise<string> {
    const out = path.join(this.#folder, `${command.join('-').replaceAll(/\W+/g, '-')}.out`);
    await this.print([...command, '--force', '--output', out]);
    return readFileSync(out, 'utf8');
  }

  async stats(): Promise<Stats> {
    return JSON.parse(await this.write(['stats', '--json'])) as Stats;
  }

  /** Returns the data inside an HTML report. */
  async html(command: readonly string[]): Promise<unknown> {
    const [, data] = /const packed_data = (.*);$/m.exec(await this.write(command)) ?? [];
    expect(data).toBeDefined();
    return JSON.parse(data ?? '');
  }

  /** Returns the lines under *Stats* on the page of an HTML report, and the warnings at its top. */
  async page(command: readonly string[]): Promise<{ stats: readonly string[]; warnings: readonly string[] }> {
    const html = await this.write(command);
    const textOf = (part: string) =>
      part
        .replaceAll(/<[^>]*>/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim();
    const [, stats = ''] = /Memray run stats([\s\S]*?)<div class="modal-footer">/.exec(html) ?? [];
    const body = html.slice(html.indexOf('<main'), html.indexOf('id="statsModal"'));
    const warnings = body.matchAll(/<div class="alert alert-warning[\s\S]*?<\/div>/g);
    return {
      stats: stats.split('<br>').map(textOf).filter(Boolean),
      warnings: [...warnings].map(([warning]) => textOf(warning)),
    };
  }

  /** Returns the rows of the table of leaks, the largest first. */
  async leaks(): Promise<readonly TableRow[]> {
    const rows = (await this.html(['table', '--leaks'])) as TableRow[];
    return [...rows].sort((a, b) => b.size - a.size);
  }

  /** Returns the rows of `transform csv --leaks`, the largest first; stacks with the innermost function first. */
  async csvLeaks(): Promise<readonly { size: number; stack: readonly string[] }[]> {
    const [header, ...lines] = (await this.write(['transform', 'csv', '--leaks'])).trim().split(/\r?\n/);
    expect(header).toBe('allocator,num_allocations,size,tid,thread_name,stack_trace');
    const rows = lines.map((line) => {
      const [, size, stack] = /^\w+,\d+,(\d+),\d+,[^,]*,(.*)$/.exec(line) ?? [];
      const frames = (stack ?? '').replaceAll(/^"|"$/g, '').split('|');
      return { size: Number(size), stack: frames.map((frame) => frame.split(';', 1)[0] ?? '') };
    });
    return rows.sort((a, b) => b.size - a.size);
  }

  /** Returns every record as one line; the first word is its kind. */
  async records(): Promise<readonly string[]> {
    return (await this.print(['parse'])).trim().split('\n');
  }

  /** Returns the screen of the text interface in a terminal, which is left with `q` once it shows the text. */
  async tree(text: string): Promise<string> {
    return drawnInTerminal(text, [memray(this.#version), 'tree', this.#capture]);
  }
}

/** Returns the screen of a program in a terminal, which is left with `q` once it shows the text. */
export async function drawnInTerminal(text: string, command: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCommand('python3', ['-c', IN_A_TERMINAL, text, ...command]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** Runs a program in a pseudo terminal, presses `q` when it has drawn a text, and copies its screen to stdout. */
const IN_A_TERMINAL = `
import os, pty, select, sys, time
text, command = sys.argv[1].encode(), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm-256color", COLUMNS="200", LINES="50")
    os.execv(command[0], command)
screen, end, asked = b"", time.monotonic() + 150, 0
while time.monotonic() < end:
    if select.select([fd], [], [], 0.1)[0]:
        try:
            drawn = os.read(fd, 65536)
        except OSError:
            break
        if not drawn:
            break
        screen += drawn
    # Again and again: a key that is pressed while it looks the other way may be lost.
    if text in screen and time.monotonic() > asked + 2:
        asked = time.monotonic()
        os.write(fd, b"q")
else:
    os.kill(pid, 9)
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
