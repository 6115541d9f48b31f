import { process } from '../../protocol/primordials.js';

/** A server of heapray that cannot open its port. */
export interface PortProblem {
  readonly server: 'metrics endpoint' | 'debug server';
  /** HOST:PORT. */
  readonly address: string;
  /** The system's error message. */
  readonly why: string;
  /** True if Node's permission model forbids it. */
  readonly isDenied: boolean;
}

const SETTINGS: Readonly<Record<PortProblem['server'], string>> = {
  'metrics endpoint': 'OTEL_EXPORTER_PROMETHEUS_PORT',
  'debug server': 'HEAPRAY_DEBUG_ADDR',
};

/** Describes in one line which servers are missing, and what to do. */
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
