// Runs a program in a pseudo terminal, and shows its screen as a terminal emulator does.
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { childEnv } from './child-env.js';
import { atEnd } from './cleanup.js';
import { pollUntil } from './poll.js';

/** The parts of `@xterm/headless` that are used. */
interface Emulator {
  readonly rows: number;
  readonly modes: { readonly wraparoundMode: boolean };
  readonly buffer: {
    readonly active: {
      readonly type: 'normal' | 'alternate';
      readonly baseY: number;
      getLine(row: number): { translateToString(): string } | undefined;
    };
  };
  write(bytes: Uint8Array, written?: () => void): void;
  resize(columns: number, rows: number): void;
  dispose(): void;
}

interface EmulatorOptions {
  readonly cols: number;
  readonly rows: number;
  readonly allowProposedApi: true;
}

// A CommonJS package whose exports an ES module cannot name.
const { Terminal: EmulatorClass } = createRequire(import.meta.url)('@xterm/headless') as {
  readonly Terminal: new (options: EmulatorOptions) => Emulator;
};

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Record<string, string | undefined>;
}

export interface TerminalEnd {
  /** The exit status; negative for the number of the signal that ended the program. */
  readonly status: number;
  /** True if the modes of the terminal are those from before the program: echo, lines, signals of keys. */
  readonly hasFirstModes: boolean;
}

/** Starts a program in a terminal; it is killed at the end of the test at the latest. */
export function startInTerminal(command: readonly string[], options: TerminalOptions): TerminalProcess {
  const terminal = new TerminalProcess(command, options);
  atEnd(() => terminal.close());
  return terminal;
}

export class TerminalProcess {
  readonly #helper: ChildProcess;
  readonly #emulator: Emulator;
  readonly #replies: Record<string, unknown>[] = [];
  readonly #closed: Promise<void>;
  /** Resolves when everything is read that the program has written. */
  readonly #allRead: Promise<void>;
  #replyText = '';
  /** Everything that the program has written. */
  output = '';
  /** Number of bytes that it has written. */
  bytes = 0;

  constructor(command: readonly string[], { columns, rows, env }: TerminalOptions) {
    this.#emulator = new EmulatorClass({ cols: columns, rows, allowProposedApi: true });
    this.#helper = spawn('python3', ['-c', PROGRAM, `${columns}`, `${rows}`, ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: childEnv({ TERM: 'xterm-256color', ...env }),
    });
    this.#helper.stdin!.on('error', () => {});
    this.#helper.stdout!.on('data', (bytes: Buffer) => {
      this.output += bytes.toString('utf8');
      this.bytes += bytes.length;
      this.#emulator.write(bytes);
    });
    this.#allRead = new Promise((resolve) => this.#helper.stdout!.once('close', resolve));
    this.#helper.stderr!.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.#closed = new Promise((resolve) => {
      this.#helper.once('close', () => resolve());
      this.#helper.once('error', () => resolve());
    });
  }

  /** The lines on the screen, without blanks at their ends. */
  get lines(): readonly string[] {
    const { active } = this.#emulator.buffer;
    return Array.from({ length: this.#emulator.rows }, (_, row) => {
      return (
        active
          .getLine(active.baseY + row)
          ?.translateToString()
          .trimEnd() ?? ''
      );
    });
  }

  get screen(): string {
    return this.lines.join('\n');
  }

  /** True while the program shows the alternate screen. */
  get isAlternate(): boolean {
    return this.#emulator.buffer.active.type === 'alternate';
  }

  /** True if long lines are wrapped, as they are by default. */
  get wraps(): boolean {
    return this.#emulator.modes.wraparoundMode;
  }

  /** True unless the program has hidden the cursor and not shown it again. */
  get hasCursor(): boolean {
    return this.output.lastIndexOf('\u001b[?25h') >= this.output.lastIndexOf('\u001b[?25l');
  }

  /** Types keys. */
  type(keys: string): void {
    this.#send({ type: keys });
  }

  resize(columns: number, rows: number): void {
    this.#emulator.resize(columns, rows);
    this.#send({ resize: [columns, rows] });
  }

  /** Sends a signal to the program. */
  kill(signal: NodeJS.Signals): void {
    this.#send({ kill: signal });
  }

  /** Waits until the screen matches. */
  async waitForScreen(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await pollUntil(() => pattern.exec(this.screen) ?? this.#failIfEnded(), {
        what: `${pattern} on the screen`,
        everyMillis: 20,
      });
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\n--- screen\n${this.screen}`, { cause });
    }
  }

  /** Waits for the end of the program; then the screen has everything that it has written. */
  async ended(): Promise<TerminalEnd> {
    const end = await pollUntil(() => this.#end, {
      what: `the end of the program; screen:\n${this.screen}`,
      everyMillis: 20,
    });
    await this.#allRead;
    await new Promise<void>((resolve) => this.#emulator.write(new Uint8Array(), resolve));
    return end;
  }

  async close(): Promise<void> {
    this.#helper.stdin!.end();
    await this.#closed;
    this.#emulator.dispose();
  }

  get #end(): TerminalEnd | undefined {
    return this.#replies.find((reply) => 'status' in reply) as TerminalEnd | undefined;
  }

  #failIfEnded(): undefined {
    if (this.#end !== undefined) throw new Error(`the program has ended: ${JSON.stringify(this.#end)}`);
    return undefined;
  }

  #receive(text: string): void {
    const lines = (this.#replyText + text).split('\n');
    this.#replyText = lines.pop()!;
    for (const line of lines) this.#replies.push(JSON.parse(line) as Record<string, unknown>);
  }

  #send(request: object): void {
    this.#helper.stdin!.write(`${JSON.stringify(request)}\n`);
  }
}

/**
 * Runs a program in a pseudo terminal. Takes requests as lines of JSON on stdin, copies what the program writes to
 * stdout, and reports its end on stderr. Ends, and kills the program, at the end of stdin.
 */
const PROGRAM = `
import fcntl, json, os, pty, select, signal, struct, sys, termios

columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
master, slave = pty.openpty()

def resize(columns, rows):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

def copy():
    while select.select([master], [], [], 0)[0]:
        os.write(1, os.read(master, 65536))

resize(columns, rows)
first = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    os.close(master)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.execvp(command[0], command)

requests = b""
while True:
    readable = select.select([master, 0], [], [], 0.02)[0]
    copy()
    if 0 in readable:
        read = os.read(0, 65536)
        if not read:
            os.kill(pid, signal.SIGKILL)
            sys.exit(0)
        *lines, requests = (requests + read).split(b"\\n")
        for line in lines:
            request = json.loads(line)
            if "type" in request:
                os.write(master, request["type"].encode())
            if "resize" in request:
                resize(*request["resize"])
            if "kill" in request:
                os.kill(pid, getattr(signal, request["kill"]))
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended:
        break
copy()
os.close(1)
same = termios.tcgetattr(slave)[:4] == first[:4]
report = {"status": os.waitstatus_to_exitcode(status), "hasFirstModes": same}
sys.stderr.write(json.dumps(report) + "\\n")
sys.stderr.flush()
while os.read(0, 65536):
    pass
`;
