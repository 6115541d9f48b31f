// Installs or builds, as the argument says, in a process of its own: the process that has started it brings peers meanwhile.
import { ensureBuilt, ensureInstalled } from './bootstrap.mjs';

const STEPS = { install: ensureInstalled, build: ensureBuilt };
STEPS[process.argv[2]]();
