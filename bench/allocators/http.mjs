// A JSON API on loopback that calls itself: handlers parse, map and write; a session table stays in memory.
import http from 'node:http';

export const SITES = ['parseOrder', 'renderReport', 'keepSession'];

const ORDER = JSON.stringify({
  id: 1,
  lines: Array.from({ length: 300 }, (_, id) => ({ id, name: `article ${id}`, tags: ['a', 'b'], price: id })),
});
const SESSIONS = 20_000;

export async function createRounds() {
  const state = { sessions: new Array(SESSIONS), at: 0 };
  const routes = { '/order': parseOrder, '/report': renderReport, '/session': keepSession };
  const server = http.createServer((request, response) => {
    response.end(routes[request.url]?.(state) ?? '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new http.Agent({ keepAlive: true });
  const { port } = server.address();
  return async () => {
    for (const path of Object.keys(routes)) await get({ port, path, agent, host: '127.0.0.1' });
  };
}

function parseOrder() {
  let sum = 0;
  for (let i = 0; i < 6; i++) {
    const { lines } = JSON.parse(ORDER);
    sum += lines.filter(({ price }) => price > 100).map(({ price, name }) => ({ price, name })).length;
  }
  return String(sum);
}

function renderReport() {
  const rows = [];
  for (let i = 0; i < 2_000; i++) rows.push(`<tr><td>${i}</td><td>${i * 2}</td></tr>`);
  return rows.join('');
}

function keepSession(state) {
  for (let i = 0; i < 40; i++)
    state.sessions[state.at++ % SESSIONS] = { user: `user ${i}`, roles: [i, 'admin'] };
  return 'kept';
}

function get(options) {
  return new Promise((resolve, reject) => {
    http.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}
