#!/usr/bin/env node
import { requireSupportedNode } from './supported-node.js';

requireSupportedNode();
const { runCommandLine } = await import('./io/run-command-line.js');
process.exitCode = await runCommandLine(process.argv.slice(2));
