// Requests pages from a server one after another, and counts the answers and the errors.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const PAUSE_MILLIS = 2;
const agent = new http.Agent({ keepAlive: true });
const counts = { answers: 0, errors: 0 };

function request() {
  return new Promise((resolve) => {
    const sent = http.get({ host: '127.0.0.1', port: workerData.port, agent }, (response) => {
      if (response.statusCode === 200) counts.answers++;
      else counts.errors++;
      response.resume().once('close', resolve);
    });
    sent.once('error', () => {
      counts.errors++;
      resolve();
    });
  });
}

for (;;) {
  await request();
  parentPort.postMessage(counts);
  await sleep(PAUSE_MILLIS);
}
