// The leaky service, which on request uses V8's only heap sampler as other tools do. Answers at the port that it
// prints: `/stop`, `/restart`, `/read`, ...
import http from 'node:http';
import inspector from 'node:inspector';

const session = new inspector.Session();
session.connect();

/** Posts a request. The answer comes before it returns, as the session is on the same thread. */
function post(method, params) {
  let answer;
  session.post(method, params, (error, result) => {
    answer = error ? { error: error.message } : result;
  });
  return answer;
}

const ACTIONS = {
  '/visit': () => {
    const visitor = new inspector.Session();
    visitor.connect();
    visitor.post('HeapProfiler.enable');
    visitor.disconnect();
  },
  '/stop': () => post('HeapProfiler.stopSampling'),
  '/restart': () => {
    post('HeapProfiler.stopSampling');
    return post('HeapProfiler.startSampling', { samplingInterval: 1024 });
  },
  '/read': () => {
    const { error, profile } = post('HeapProfiler.getSamplingProfile');
    return { error, samples: profile?.samples.length };
  },
  '/datadog-read': () => ({ samples: globalThis.datadogHeap.profile().sample.length }),
  '/datadog-stop': () => globalThis.datadogHeap.stop(),
};

const server = http.createServer((request, response) => {
  const answer = ACTIONS[request.url]() ?? {};
  response.end(JSON.stringify({ error: answer.error, samples: answer.samples }));
});
server.listen(0, '127.0.0.1', () => console.log(`rival at http://127.0.0.1:${server.address().port}`));
await import('./leaky-service.js');
