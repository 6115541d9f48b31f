import { Ledger, type LedgerOptions, type NodeIndex } from '../../src/profiler-thread/ledger/index.js';

export const INTERVAL = 512 * 1024;

export function newLedger(options: Partial<LedgerOptions> = {}): Ledger {
  return new Ledger({ samplingInterval: INTERVAL, packageOf: () => 'shop', component: 'api', ...options });
}

/** Formats a stack as `outer > inner`. */
export function stackText(ledger: Ledger, node: NodeIndex): string {
  const names: string[] = [];
  for (let at = node; at !== 0; at = ledger.tree.parent(at))
    names.unshift(ledger.tree.frame(at)!.functionName);
  return names.join(' > ');
}

/** Returns bytes in use by stack, without empty stacks. */
export function inUse(ledger: Ledger): Record<string, number> {
  return byStack(ledger, (node) => ledger.inUseBytes(node));
}

/** Returns bytes allocated by stack, without empty stacks. */
export function allocated(ledger: Ledger): Record<string, number> {
  return byStack(ledger, (node) => ledger.allocatedBytes(node));
}

export function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0);
}

function byStack(ledger: Ledger, bytesOf: (node: NodeIndex) => number): Record<string, number> {
  const result: Record<string, number> = {};
  for (let node = 0; node < ledger.tree.size; node++) {
    const bytes = bytesOf(node);
    if (bytes === 0) continue;
    const stack = stackText(ledger, node);
    result[stack] = (result[stack] ?? 0) + bytes;
  }
  return result;
}
