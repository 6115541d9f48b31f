#!/usr/bin/env node
import { requireSupportedNode } from './supported-node.js';

requireSupportedNode();
const { main } = await import('./cli.js');
await main(process.argv.slice(2));
