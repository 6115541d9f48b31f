import { gzipSync, constants as zlib } from 'node:zlib';
import type { HttpAnswer } from '@heapray/exporter/http';
import { makePageData, type PageData } from '@heapray/exporter/page';
import { decodePprof, type EncodePprofOptions, encodePprof } from '@heapray/exporter/pprof';
import { mergeProfiles, type Profile } from '@heapray/exporter/profile';
import { bytesOf, type Gathered, isPage, textOf } from '../gather.js';

/**
 * Returns one profile of all processes, with the label `process`. Its comments name the processes that are missing.
 *
 * @param missed called for each profile that cannot be read
 */
export function mergedProfile(
  answers: readonly Gathered[],
  missed: () => void,
  options: EncodePprofOptions = {},
): HttpAnswer {
  const profiles: { readonly pid: number; readonly profile: Profile }[] = [];
  const comments: string[] = [];
  const leaveOut = ({ pid }: Gathered, why: string) => {
    comments.push(`heapray: process ${pid} is missing: ${why.trim()}`);
  };
  for (const gathered of answers) {
    if (!isPage(gathered)) {
      leaveOut(gathered, textOf(gathered.answer));
      continue;
    }
    try {
      const profile = decodePprof(bytesOf(gathered.answer));
      const first = profiles[0]?.profile;
      if (first && columnsOf(first) !== columnsOf(profile)) throw new Error('its profile has other columns');
      profiles.push({ pid: gathered.pid, profile });
    } catch (error) {
      missed();
      leaveOut(gathered, (error as Error).message);
    }
  }
  const [own] = answers;
  if (profiles.length === 0) return own!.answer;
  const merged = mergeProfiles(
    profiles.map(({ profile }) => profile),
    { labels: profiles.map(({ pid }) => ({ process: `${pid}` })), comments },
  );
  // Compress synchronously on this thread: the thread pool belongs to the application.
  const body = gzipSync(encodePprof(merged, options), { level: zlib.Z_BEST_SPEED });
  return { type: 'application/octet-stream', body, headers: { 'Content-Disposition': NAME } };
}

const NAME = 'attachment; filename="processes.pb.gz"';

/** Returns the texts of all processes below each other, each with a headline. */
export function mergedText(answers: readonly Gathered[]): HttpAnswer {
  if (!answers.some(isPage)) return answers[0]!.answer;
  const texts = answers.map(({ pid, component, answer }) => {
    return `===== process ${pid} (${component}) =====\n\n${textOf(answer).trimEnd()}\n`;
  });
  return { type: 'text/plain; charset=utf-8', body: texts.join('\n\n') };
}

/** Returns the data of a page that compares two profiles. */
export function comparison(answers: readonly HttpAnswer[], names: readonly string[]): PageData {
  return makePageData(
    answers.map((answer, at) => ({ profile: decodePprof(bytesOf(answer)), name: names[at]! })),
  );
}

function columnsOf({ columns }: Profile): string {
  return columns.map(({ type, unit }) => `${type}/${unit}`).join(' ');
}
