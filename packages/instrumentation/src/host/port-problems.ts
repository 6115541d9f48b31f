import { process } from '../containment/primordials.js';

/** A server of heapray's that cannot open its port. */
export interface PortProblem {
  readonly server: 'metrics endpoint' | 'debug server';
  /** HOST:PORT. */
  readonly address: string;
  /** The system's error, for people. */
  readonly why: string;
  /** Whether Node's permission model forbids it. */
  readonly isDenied: boolean;
}

const SETTINGS: Readonly<Record<PortProblem['server'], string>> = {
  'metrics endpoint': 'OTEL_EXPORTER_PROMETHEUS_PORT',
  'debug server': 'HEAPRAY_DEBUG_ADDR',
};

/** Says in one line which servers a process has to go without, and what to do. */
export function describePortProblems(problems: readonly PortProblem[], component: string): string {
  const what = problems.map(({ server, address, why }) => `${server}: cannot listen on ${address}: ${why}`);
  const settings = problems.map(({ server }) => SETTINGS[server]);
  const without = problems.length === 1 ? 'it' : 'them';
  if (problems.every(({ isDenied }) => isDenied))
    return `${what.join('; ')}; process ${process.pid} (component ${component}) goes on without ${without}`;
  return (
    `${what.join('; ')}; process ${process.pid} (component ${component}) goes on without ${without}: to have ` +
    `${without}, set ${settings.join(' and ')} for each process to a port of its own, or to port 0 for any free one`
  );
}
