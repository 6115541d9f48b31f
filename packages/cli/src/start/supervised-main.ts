// Entry point of the thread of a supervised command.
import { workerData } from 'node:worker_threads';
import { main } from '../cli.js';
import { useCommandIo } from '../io/current-io.js';
import type { SupervisedData } from '../io/messages.js';
import { SupervisedIo } from '../io/supervised-io.js';

const data = workerData as SupervisedData;
const io = new SupervisedIo(data);
useCommandIo(io);
io.done(await main(data.args));
