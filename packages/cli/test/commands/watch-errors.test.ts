// `heapray watch` ends when it fails, and stops serving old data.
import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import { atEnd } from '../../../../test/support/cleanup.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { addWatch } from '../../src/commands/watch.js';
import { commandIo, useCommandIo } from '../../src/io/current-io.js';
import { ProcessIo } from '../../src/io/process-io.js';
import { Watcher } from '../../src/watch/watcher.js';

test('an error while it polls closes the server and rejects', async () => {
  const before = commandIo();
  atEnd(() => useCommandIo(before));
  const io = new ProcessIo();
  const lines: string[] = [];
  vi.spyOn(io, 'writeError').mockImplementation((text) => void lines.push(text));
  useCommandIo(io);
  const signals = process.listenerCount('SIGTERM');
  const poll = vi.spyOn(Watcher.prototype, 'poll').mockRejectedValue(new RangeError('poll failed'));
  atEnd(() => poll.mockRestore());
  const program = new Command();
  addWatch(program);
  const args = ['watch', tempFolder(), '--listen', '127.0.0.1:0'];
  await expect(program.parseAsync(args, { from: 'user' })).rejects.toThrow('poll failed');
  const [page] = /http:\S+\/metrics/.exec(lines.join('')) ?? [];
  expect(page).toBeDefined();
  await expect(fetch(page!)).rejects.toThrow();
  expect(process.listenerCount('SIGTERM')).toBe(signals);
});
