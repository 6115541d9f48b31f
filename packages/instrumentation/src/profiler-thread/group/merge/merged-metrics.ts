import type { GroupProcess } from '../messages.js';

/** Metrics of one process in Prometheus' text format. */
export interface MetricsText extends GroupProcess {
  readonly text: string;
}

interface Family {
  /** Lines of `# HELP` and `# TYPE`. */
  readonly head: string[];
  readonly samples: string[];
}

const HEAD = /^# (?:HELP|TYPE|UNIT) ([A-Za-z_:][\w:]*)(?: |$)/;
const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? ([^ {}]+(?: -?\d+)?)$/;
/** Labels of a process: `process.pid` and `heapray.component` as Prometheus writes them. */
const PID = 'process_pid';
const COMPONENT = 'heapray_component';

/**
 * Returns one page with the series of all processes. Each has the labels `process_pid` and `heapray_component`; a series
 * that has such a label keeps it. Texts that are not in the format are left out.
 *
 * @param missed called for each text that is left out
 */
export function mergedMetrics(texts: readonly MetricsText[], missed: () => void): string {
  const families = new Map<string, Family>();
  for (const process of texts) {
    const parsed = parse(process);
    if (parsed === undefined) missed();
    else for (const [name, family] of parsed) add(families, name, family);
  }
  return [...families.values()].map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`).join('');
}

function add(families: Map<string, Family>, name: string, { head, samples }: Family): void {
  const known = families.get(name);
  // A family is described once. Push one by one: the number of samples is not bounded.
  if (known === undefined) families.set(name, { head, samples });
  else for (const sample of samples) known.samples.push(sample);
}

function parse({ pid, component, text }: MetricsText): Map<string, Family> | undefined {
  const added = [label(PID, `${pid}`), label(COMPONENT, component)];
  const families = new Map<string, Family>();
  let name = '';
  const family = (wanted: string): Family => {
    const known = families.get(wanted) ?? { head: [], samples: [] };
    families.set(wanted, known);
    return known;
  };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, described] = HEAD.exec(line) ?? [];
    if (described !== undefined) {
      name = described;
      family(name).head.push(line);
    } else if (!line.startsWith('#')) {
      const [, sample, labels = '', value] = SAMPLE.exec(line) ?? [];
      if (sample === undefined) return undefined;
      // Samples of a histogram have a suffix after the family's name.
      if (!sample.startsWith(name) || name === '') name = sample;
      const missing = added.filter((each) => !has(labels, each));
      const all = [...missing, ...(labels === '' ? [] : [labels])];
      family(name).samples.push(`${sample}{${all.join(',')}} ${value}`);
    }
  }
  return families;
}

function has(labels: string, added: string): boolean {
  const name = added.slice(0, added.indexOf('=') + 1);
  return labels.startsWith(name) || labels.includes(`,${name}`);
}

function label(name: string, value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `${name}="${escaped}"`;
}
