// Preloaded into a measured command: writes what the process cost to the file in COST_FILE at its end.
import { writeFileSync } from 'node:fs';

const { COST_FILE } = process.env;
process.on('exit', (status) => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const cost = { status, residentMiB: maxRSS / 1024, cpu: (userCPUTime + systemCPUTime) / 1e6 };
  writeFileSync(COST_FILE, JSON.stringify({ ...cost, wall: process.uptime() }));
});
