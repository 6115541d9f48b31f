// `heapray attach` reads /proc and refuses processes; here from made texts.
import { describe, expect, test } from 'vitest';
import { inspectorOptions } from '../../src/attach/process/inspector-options.js';
import { isInTheWay, isLoopback, parsePorts, urlHost } from '../../src/attach/process/listening-ports.js';
import { nodeLibraries } from '../../src/attach/process/node-program.js';
import {
  type ProcessFacts,
  parseProcessStatus,
  parseWords,
  variableIn,
} from '../../src/attach/process/process-facts.js';
import {
  accessRefusal,
  notOpened,
  otherProgram,
  portTaken,
  signalRefusal,
} from '../../src/attach/process/refusals.js';

const STATUS = `Name:	MainThread
Umask:	0022
State:	S (sleeping)
Tgid:	4242
Pid:	4242
PPid:	1
Uid:	1000	1001	1000	1000
NSpid:	4242	17
SigBlk:	0000000000000000
SigIgn:	0000000001001000
SigCgt:	0000000100004602
`;

test('reads the status of a process', () => {
  expect(parseProcessStatus(STATUS)).toEqual({
    name: 'MainThread',
    state: 'S',
    group: 4242,
    uid: 1001,
    pids: [4242, 17],
    handlesSignal: true,
  });
  // As Node 24 has it with --disable-sigusr1.
  expect(parseProcessStatus(STATUS.replace('4602', '4402')).handlesSignal).toBe(false);
  expect(parseProcessStatus('').handlesSignal).toBe(false);
});

test('reads words and variables', () => {
  expect(parseWords('node\0app.js\0\0')).toEqual(['node', 'app.js', '']);
  expect(parseWords('')).toEqual([]);
  expect(variableIn('A=1\0NODE_OPTIONS=--inspect-port=0 -r x\0', 'NODE_OPTIONS')).toBe(
    '--inspect-port=0 -r x',
  );
  expect(variableIn('A=1\0', 'NODE_OPTIONS')).toBe('');
});

describe('the options of the inspector', () => {
  const CLOSED = { isOpen: false, isSignalDisabled: false, isForbidden: false };
  test.each<[string, string, object]>([
    ['node app.js --inspect=1', '', { host: '127.0.0.1', port: 9229 }],
    ['node --inspect app.js', '', { host: '127.0.0.1', port: 9229, isOpen: true }],
    ['node --inspect-brk=0.0.0.0:9000 app.js', '', { host: '0.0.0.0', port: 9000, isOpen: true }],
    ['node --inspect=[::1]:1 app.js', '', { host: '::1', port: 1, isOpen: true }],
    ['node --inspect=localhost app.js', '', { host: 'localhost', port: 9229, isOpen: true }],
    ['node --inspect-port=0 app.js', '', { host: '127.0.0.1', port: 0 }],
    ['node --inspect-port 0 app.js', '', { host: '127.0.0.1', port: 0 }],
    ['node app.js', '--inspect-port=7', { host: '127.0.0.1', port: 7 }],
    ['node --inspect-port=8 app.js', '--inspect-port=7', { host: '127.0.0.1', port: 8 }],
    ['node -r x --disable-sigusr1 app.js', '', { isSignalDisabled: true }],
    ['node --permission app.js', '', { isForbidden: true }],
    ['node --permission --allow-inspector app.js', '', { isForbidden: false }],
    // A program that has set its title.
    ['shop', '', { host: '127.0.0.1', port: 9229 }],
    ['', '', { host: '127.0.0.1', port: 9229 }],
  ])('of %j with NODE_OPTIONS %j', (command, nodeOptions, expected) => {
    expect(inspectorOptions(command.split(' '), nodeOptions)).toMatchObject({ ...CLOSED, ...expected });
  });
});

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:240D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 100 0
   2: 0100007F:240D 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 333 1 0 20 4
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 444 1
   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 555 1
   2: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 666 1
   3: B80D01200000000000000000AB000000:0053 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 777 1
`;

test('reads the ports that listen', () => {
  const ports = [...parsePorts(TCP), ...parsePorts(TCP6)];
  expect(ports.map(({ host, port, inode }) => `${host} ${port} ${inode}`)).toEqual([
    '127.0.0.1 9229 111',
    '0.0.0.0 8080 222',
    ':: 80 444',
    '::1 81 555',
    '::ffff:127.0.0.1 82 666',
    '2001:db8:0:0:0:0:0:ab 83 777',
  ]);
  expect(ports.map(urlHost).slice(0, 5)).toEqual([
    '127.0.0.1:9229',
    '127.0.0.1:8080',
    '[::1]:80',
    '[::1]:81',
    '127.0.0.1:82',
  ]);
  expect(ports.map(isLoopback)).toEqual([true, false, false, true, true, false]);
  expect(ports.map((each) => isInTheWay(each, each.port))).toEqual([true, true, true, false, true, false]);
  expect(isInTheWay(ports[0]!, 9230)).toBe(false);
});

test("finds Node's library among the mappings", () => {
  const maps = `7f00-7f01 r-xp 00000000 08:01 12 /usr/lib/x86_64-linux-gnu/libnode.so.115
7f01-7f02 r--p 00000000 08:01 12 /usr/lib/x86_64-linux-gnu/libnode.so.115
7f02-7f03 r--p 00000000 08:01 13 /usr/lib/libc.so.6
`;
  expect(nodeLibraries(maps)).toEqual(['/usr/lib/x86_64-linux-gnu/libnode.so.115']);
});

describe('refuses', () => {
  const facts: ProcessFacts = {
    pid: 42,
    name: 'node',
    state: 'S',
    group: 42,
    uid: 1000,
    pids: [42],
    handlesSignal: true,
    args: ['node', 'app.js'],
    nodeOptions: '',
    executable: '/usr/bin/node',
    network: 'net:[1]',
  };
  const self = { uid: 1000, network: 'net:[1]' };

  test('nothing if nothing speaks against it', () => {
    expect(accessRefusal(facts, self)).toBeUndefined();
    expect(accessRefusal(facts, { ...self, uid: 0 })).toBeUndefined();
    expect(accessRefusal({ ...facts, network: undefined }, self)).toBeUndefined();
    expect(signalRefusal(facts, inspectorOptions(facts.args, ''))).toBeUndefined();
  });

  test.each<[string, Partial<ProcessFacts>, RegExp]>([
    ['a thread', { group: 41 }, /^42 is a thread of process 41: attach to that$/],
    ['a zombie', { state: 'Z' }, /^process 42 has ended$/],
    ['a stopped process', { state: 'T' }, /is stopped: .*kill -CONT 42$/],
    [
      'a process of another user',
      { uid: 7 },
      /belongs to user 7, and you are user 1000: run this as that user or as root$/,
    ],
    [
      'a process in a container',
      { network: 'net:[2]', pids: [42, 1] },
      /its ID there is 1\): nsenter -t 42 -n heapray attach 42, as root; in Kubernetes: kubectl debug with --target, then heapray attach 1$/,
    ],
  ])('%s', (_, more, line) => {
    expect(accessRefusal({ ...facts, ...more }, self)).toMatch(line);
  });

  test.each<[string, string, boolean, RegExp]>([
    [
      'a process with --disable-sigusr1',
      'node --disable-sigusr1 app.js',
      false,
      /--disable-sigusr1.*--inspect=127\.0\.0\.1:0/,
    ],
    ['a process whose permissions forbid it', 'node --permission app.js', true, /--allow-inspector/],
    [
      'a process that the signal would end',
      'node app.js',
      false,
      /does not handle SIGUSR1, which would end it/,
    ],
  ])('%s', (_, command, handlesSignal, line) => {
    const args = command.split(' ');
    expect(signalRefusal({ ...facts, args, handlesSignal }, inspectorOptions(args, ''))).toMatch(line);
  });

  test('other programs, taken ports, and signals without effect, with what they are', () => {
    expect(otherProgram({ ...facts, executable: '/usr/bin/python3.11' })).toMatch(
      /^process 42 is python3\.11, and not Node/,
    );
    expect(otherProgram({ ...facts, executable: undefined })).toMatch(/^process 42 is node, and not Node/);
    expect(portTaken(42, 9229, 7)).toMatch(/port 9229 is in use by process 7\. .*--inspect-port=0/);
    expect(portTaken(42, 9229, undefined)).toMatch(/in use by another program/);
    expect(notOpened(42, 10_000)).toMatch(/in 10 s after SIGUSR1: it has a handler of its own/);
  });
});
