export { hideSourcePaths } from './hide-paths.js';
export { livePage } from './live-page.js';
export { makePageData, type PageDataOptions, type PageSource } from './make-page-data.js';
export type {
  OverviewAge,
  OverviewData,
  OverviewDownload,
  OverviewFact,
  OverviewLeakState,
  OverviewLevel,
  OverviewLimit,
  OverviewPart,
  OverviewPlace,
  OverviewSeries,
  OverviewSite,
  OverviewSubject,
  OverviewSuspect,
  OverviewText,
} from './overview-data.js';
export type {
  FunctionKind,
  PageColumn,
  PageData,
  PageFunctions,
  PageLabels,
  PageProfile,
  PageTree,
} from './page-data.js';
export { type PageHtmlOptions, pageHtml } from './page-html.js';
export type { SnapshotPlanData } from './snapshot-plan.js';
