// Runs commands of the built command line, one after the other, in one process that has loaded it.
// Gets each command as a message, and answers with its status and output.
import { main } from '../../dist/cli.js';
import { useCommandIo } from '../../dist/io/current-io.js';

const START = process.cwd();

/** Returns an interface of a command that keeps what the command writes. */
function recordingIo(input, columns) {
  const stdout = [];
  const stderr = [];
  return {
    columns,
    write: async (bytes) => {
      stdout.push(Buffer.from(bytes));
      return true;
    },
    writeError: (text) => stderr.push(text),
    stdin: async function* () {
      if (input.length > 0) yield input;
    },
    removeAtEnd: () => () => {},
    reading: () => {},
    read: () => {},
    written: () => ({ stdout: Buffer.concat(stdout).toString('utf8'), stderr: stderr.join('') }),
  };
}

process.on('message', async ({ args, cwd, columns, input }) => {
  process.chdir(cwd ?? START);
  const io = recordingIo(Buffer.from(input), columns);
  useCommandIo(io);
  const status = await main(args);
  process.chdir(START);
  process.send({ status, signal: null, ...io.written() });
});
