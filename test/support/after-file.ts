// Runs before each test file (vitest.config.ts). Files of one process share support modules, so those cannot do this when they are loaded.
import { afterAll } from 'vitest';
import { cleanUpFile } from './cleanup.js';

afterAll(cleanUpFile);
