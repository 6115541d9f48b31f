// Finds the Node that the measured programs run on.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NODE, PEERS, ROOT } from '../../scripts/lib/bootstrap.mjs';
import { nodePeer } from '../../scripts/lib/peers/node-line.mjs';

/** Returns the binary of a line of Node (default: 24), its exact version, and a description of the machine. */
export async function measuredNode(line) {
  const binary = line === undefined || line === '24' ? NODE : await bringNode(line);
  const version = execFileSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  return { path: binary, version, machine: machine() };
}

async function bringNode(line) {
  const versions = JSON.parse(readFileSync(path.join(ROOT, 'test', 'peers', 'versions.json'), 'utf8'));
  const version = versions.node[line];
  if (!version) throw new Error(`--node: one of 24, ${Object.keys(versions.node).join(', ')}, not ${line}`);
  mkdirSync(PEERS, { recursive: true });
  return nodePeer(line, version).bring();
}

/** Returns a description of the machine and its load, because the numbers depend on both. */
function machine() {
  const [load] = os.loadavg();
  return {
    platform: `${process.platform}-${process.arch}`,
    cpus: os.cpus().length,
    model: os.cpus()[0]?.model,
    load,
  };
}
