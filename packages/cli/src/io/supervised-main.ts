// Entry point of the thread of a supervised command.
import { workerData } from 'node:worker_threads';
import { main } from '../cli.js';
import { useCommandIo } from './command-io.js';
import type { SupervisedData } from './messages.js';
import { SupervisedIo } from './supervised-io.js';

const data = workerData as SupervisedData;
const io = new SupervisedIo(data);
useCommandIo(io);
io.done(await main(data.args));
