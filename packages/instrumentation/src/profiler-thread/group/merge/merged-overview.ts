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
    const overview = read(textOf(gathered.answer));
    if (overview === undefined) {
      missed();
      continue;
    }
    first ??= overview;
    refreshSeconds = Math.max(refreshSeconds, overview.refreshSeconds);
    for (const subject of overview.subjects) subjects.push(ofProcess(subject, gathered.pid));
  }
  return first && { ...first, refreshSeconds, subjects };
}

function read(text: string): OverviewData | undefined {
  try {
    const data = JSON.parse(text) as Partial<OverviewData> | null;
    const isKnown = data?.format === 'heapray-overview' && data.version === 1;
    return isKnown && Array.isArray(data.subjects) && Number.isFinite(data.refreshSeconds)
      ? (data as OverviewData)
      : undefined;
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
