// Downloads or makes everything that the tests compare with or run in, a few at a time, and writes their paths to a list.
// Tests read that list (test/support/peers.ts) and never install anything themselves.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { note, PEERS, ROOT } from './bootstrap.mjs';
import { binutilsPeer } from './peers/binutils.mjs';
import { chromiumPeer } from './peers/chromium.mjs';
import { collectorPeer } from './peers/collector.mjs';
import { compilerPeer, debianPeers, jemallocPeer } from './peers/debian.mjs';
import { goPprofPeer } from './peers/go-pprof.mjs';
import { googlePprofPeer } from './peers/google-pprof.mjs';
import { memrayPeer } from './peers/memray.mjs';
import { nodePeer } from './peers/node-line.mjs';
import { openTelemetryProtoPeer } from './peers/opentelemetry-proto.mjs';
import { fixtureNames, projectPeers, removeAbandonedProjects } from './projects.mjs';
import { STRICT } from './tally.mjs';

const AT_ONCE = 2;
const SLOW_MILLIS = 500;

/**
 * Brings all peers; each counts as one test.
 *
 * @param built resolves when the workspace is installed and built, which some peers need
 */
export async function bringPeers(tally, built) {
  const found = {};
  const [others, later] = [otherPeers(), peersOfNpm()];
  const active = new Map();
  const ticker = setInterval(() => noteActive(active), 15_000);
  const bringAll = async (waiting) => {
    for (let peer = waiting.shift(); peer; peer = waiting.shift()) {
      active.set(peer.name, Date.now());
      found[peer.name] = await bringOne(peer, tally);
      active.delete(peer.name);
    }
  };
  const goOn = async () => {
    await bringAll(others);
    await built;
    await bringAll(later);
  };
  await Promise.all([
    bringAll(goPeers()).then(goOn),
    ...Array.from({ length: AT_ONCE }, goOn),
    removeAbandonedProjects(),
  ]);
  clearInterval(ticker);
  writeManifest(found);
}

/** Returns the peers that Go builds, to be built one after the other: each uses the packages that the one before has compiled. */
function goPeers() {
  return [collectorPeer(), goPprofPeer(), googlePprofPeer(readVersions()['google-pprof'])];
}

/** Returns other peers that need nothing of the workspace, the slowest first. */
function otherPeers() {
  const versions = readVersions();
  return [
    ...versions.memray.map(memrayPeer),
    openTelemetryProtoPeer(versions['opentelemetry-proto']),
    ...debianPeers(),
    jemallocPeer(),
    compilerPeer(),
    binutilsPeer(),
    chromiumPeer(),
  ];
}

/** Returns the peers that npm installs on the Node of the workspace, the slowest first, so that none of them is left over at the end. */
function peersOfNpm() {
  const names = fixtureNames();
  const slowest = 'build-tools';
  return [
    ...projectPeers([slowest, ...names.filter((name) => name !== slowest)]),
    ...Object.entries(readVersions().node).map(([line, version]) => nodePeer(line, version)),
    nodePeer('24'),
  ];
}

function readVersions() {
  return JSON.parse(readFileSync(path.join(ROOT, 'test', 'peers', 'versions.json'), 'utf8'));
}

async function bringOne(peer, tally) {
  const start = Date.now();
  const slow = setTimeout(() => note(`${peer.name}: bringing it ...`), SLOW_MILLIS);
  try {
    const where = await peer.bring();
    if (Date.now() - start > SLOW_MILLIS) note(`${peer.name}: ready after ${seconds(start)}`);
    tally.add({ passed: 1 });
    return { where };
  } catch (error) {
    tally.add(STRICT ? { failed: 1 } : { skipped: 1 });
    note(`${peer.name}: CANNOT BE BROUGHT, its tests ${STRICT ? 'fail' : 'are SKIPPED'}: ${error.message}`);
    return { missing: error.message.split('\n')[0] };
  } finally {
    clearTimeout(slow);
  }
}

function noteActive(active) {
  const names = [...active].map(([name, start]) => `${name} (${seconds(start)})`);
  if (names.length > 0) note(`still bringing ${names.join(', ')} ...`);
}

function seconds(start) {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}

/** Writes the list in one step, because another test run may be reading it. */
function writeManifest(found) {
  mkdirSync(PEERS, { recursive: true });
  const draft = path.join(PEERS, `manifest.${process.pid}.json`);
  writeFileSync(draft, `${JSON.stringify(found, null, 2)}\n`);
  renameSync(draft, path.join(PEERS, 'manifest.json'));
}
