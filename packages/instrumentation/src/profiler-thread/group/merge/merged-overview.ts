import type { OverviewData, OverviewDownload, OverviewSubject } from '@heapray/exporter/page';
import { type Gathered, isPage, textOf } from '../gather.js';

/**
 * Returns the overview of all processes: a subject for each, named by component and process id.
 *
 * @param missed called for each overview that cannot be read
 * @returns undefined when there is none
 */
export function mergedOverview(answers: readonly Gathered[], missed: () => void): OverviewData | undefined {
  const subjects: OverviewSubject[] = [];
  let first: OverviewData | undefined;
  let refreshSeconds = 0;
  for (const gathered of answers) {
    if (!isPage(gathered)) continue;
    const overview = read(gathered);
    if (overview === undefined) {
      missed();
      continue;
    }
    first ??= overview;
    refreshSeconds = Math.max(refreshSeconds, overview.refreshSeconds);
    // Push one by one: the number of subjects is not bounded.
    for (const subject of overview.subjects) subjects.push(subject);
  }
  return first && { ...first, refreshSeconds, subjects };
}

/** Reads an overview, with its subjects as those of the process; undefined if it is not valid. */
function read({ answer, pid }: Gathered): OverviewData | undefined {
  try {
    const data = JSON.parse(textOf(answer)) as OverviewData;
    const isKnown = data.format === 'heapray-overview' && data.version === 1;
    if (!isKnown || !Number.isFinite(data.refreshSeconds)) return undefined;
    return { ...data, subjects: data.subjects.map((subject) => ofProcess(subject, pid)) };
  } catch {
    return undefined;
  }
}

function ofProcess(subject: OverviewSubject, pid: number): OverviewSubject {
  return {
    ...subject,
    component: `${pid}`,
    name: `${subject.name}, process ${pid}`,
    downloads: subject.downloads.map((download) => withPid(download, pid)),
  };
}

function withPid({ title, href }: OverviewDownload, pid: number): OverviewDownload {
  return { title, href: `${href}${href.includes('?') ? '&' : '?'}pid=${pid}` };
}
