import { expect } from 'vitest';

interface Series {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly (number | null)[];
}

const text = expect.any(String);
const level = expect.stringMatching(/^(?:ok|warning|problem)$/);

/** Checks the JSON of an overview, and returns it. */
export function checkOverview(json: string) {
  const data = JSON.parse(json) as {
    readonly timeMillis: number;
    readonly refreshSeconds: number;
    readonly title: string;
    readonly subjects: readonly Subject[];
  };
  expect(data).toMatchObject({ format: 'heapray-overview', version: 1, title: text });
  expect(Number.isInteger(data.timeMillis)).toBe(true);
  expect(data.refreshSeconds).toBeGreaterThan(0);
  for (const subject of data.subjects) checkSubject(subject);
  return data;
}

interface Subject {
  readonly component?: string;
  readonly name: string;
  readonly state: { readonly level: string; readonly text: string };
  readonly notes: readonly { readonly level: string; readonly text: string }[];
  readonly facts: readonly { readonly name: string; readonly text: string }[];
  readonly timesMillis: readonly number[];
  readonly resident: readonly Series[];
  readonly lines: readonly Series[];
  readonly inUseByAge?: readonly Series[];
  readonly limits: readonly { readonly name: string; readonly bytes: number }[];
  readonly ages: readonly { readonly name: string; readonly bytes: number }[];
  readonly secondsToLimit?: number;
  readonly suspects: readonly (Place & {
    readonly message: string;
    readonly bytes: number;
    readonly values: readonly (number | null)[];
  })[];
  readonly leakProgress?: string;
  readonly leakState?: string;
  readonly sites: readonly (Place & {
    readonly inUseBytes: number;
    readonly inUseObjects: number;
    readonly standardError: number | null;
    readonly allocatedBytes: number;
    readonly survivedShare: number | null;
    readonly values?: readonly (number | null)[];
  })[];
  readonly profiler: readonly { readonly name: string; readonly text: string }[];
  readonly parts: readonly { readonly name: string }[];
  readonly momentsMillis: readonly number[];
  readonly downloads: readonly { readonly title: string; readonly href: string }[];
}

interface Place {
  readonly functionName: string;
  readonly place: string;
  readonly packageName: string;
}

function checkSubject(subject: Subject): void {
  expect(subject).toMatchObject({ name: text, state: { level, text }, parts: expect.any(Array) });
  for (const note of subject.notes) expect(note).toEqual({ level, text });
  for (const fact of [...subject.facts, ...subject.profiler]) {
    expect(fact).toMatchObject({ name: text, text });
  }
  const { timesMillis, suspects, sites } = subject;
  ascending(timesMillis);
  ascending(subject.momentsMillis);
  for (const { name, unit, values } of [
    ...subject.resident,
    ...subject.lines,
    ...(subject.inUseByAge ?? []),
  ]) {
    expect(name).not.toBe('');
    expect(['By', 'By/s', '1']).toContain(unit);
    perTime(values, timesMillis);
  }
  for (const { bytes } of [...subject.limits, ...subject.ages]) expect(bytes).toBeGreaterThanOrEqual(0);
  for (const { functionName, place, packageName, message, values } of suspects) {
    expect([functionName, place, packageName, message]).toEqual([text, text, text, text]);
    perTime(values, timesMillis);
  }
  expect(sites.length).toBeLessThanOrEqual(30);
  for (const site of sites) {
    expect([site.functionName, site.place, site.packageName]).toEqual([text, text, text]);
    for (const value of [site.inUseBytes, site.inUseObjects, site.allocatedBytes]) {
      expect(value).toBeGreaterThanOrEqual(0);
    }
    if (site.survivedShare !== null) {
      expect(site.survivedShare).toBeGreaterThanOrEqual(0);
      expect(site.survivedShare).toBeLessThanOrEqual(1);
    }
    if (site.values) perTime(site.values, timesMillis);
  }
  expect(sites.map(({ inUseBytes }) => inUseBytes)).toEqual(
    sites.map(({ inUseBytes }) => inUseBytes).sort((a, b) => b - a),
  );
  for (const { title, href } of subject.downloads) {
    expect(title).not.toBe('');
    expect(href).toMatch(/^\/debug\/pprof\//);
  }
}

function perTime(values: readonly (number | null)[], times: readonly number[]): void {
  expect(values).toHaveLength(times.length);
  expect(values.every((value) => value === null || Number.isFinite(value))).toBe(true);
}

function ascending(times: readonly number[]): void {
  expect(times).toEqual([...times].sort((a, b) => a - b));
}
