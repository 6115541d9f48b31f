export { makeOverview, type OverviewDeps, type OverviewMoment } from './overview.js';
