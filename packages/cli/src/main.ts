#!/usr/bin/env node
import { requireSupportedNode } from './supported-node.js';

requireSupportedNode();
const { failWritesBeyondFileSizeLimit } = await import('./io/ending-signals.js');
const { runCommandLine } = await import('./start/run-command-line.js');
failWritesBeyondFileSizeLimit();
process.exitCode = await runCommandLine(process.argv.slice(2));
