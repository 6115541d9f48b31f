// Parses a /metrics page in Prometheus' text format.

export interface MetricSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

type Labels = Readonly<Record<string, string>>;

const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export class MetricsPage {
  readonly samples: readonly MetricSample[];

  constructor(text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(parseLine);
  }

  /** Returns the samples of a metric that have these labels. */
  find(name: string, labels: Labels = {}): readonly MetricSample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
    );
  }

  /** Returns the sum of these samples; 0 if there are none. */
  sum(name: string, labels: Labels = {}): number {
    return this.find(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** Returns the values of a label over samples that are not zero. */
  active(name: string, label: string): readonly string[] {
    return this.find(name).flatMap(({ labels, value }) => (value !== 0 ? [labels[label] ?? ''] : []));
  }
}

function parseLine(line: string): MetricSample {
  const { name, labels = '', value } = LINE.exec(line)?.groups ?? {};
  if (name === undefined) throw new Error(`not a line of a metrics page: ${line}`);
  const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text = '']) => [key, unescaped(text)]);
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) };
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}
