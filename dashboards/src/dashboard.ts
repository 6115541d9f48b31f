import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { MetricNames } from './metric-names.ts';
import { DATASOURCE_VARIABLE } from './variables.ts';

export type DashboardId = 'service' | 'fleet' | 'airflow' | 'health';

export interface DashboardOptions {
  readonly id: DashboardId;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Parameters<DashboardBuilder['withVariable']>[0][];
  readonly links: readonly DashboardLinkBuilder[];
}

/** Returns the name by which Grafana knows a dashboard. Both forms can be installed beside each other. */
export function uidOf(m: MetricNames, id: DashboardId): string {
  return `heapray-${id}${m.form === 'otlp' ? '-otlp' : ''}`;
}

/** Returns a dashboard without panels. */
export function newDashboard(m: MetricNames, options: DashboardOptions): DashboardBuilder {
  const isOtlp = m.form === 'otlp';
  const tag = isOtlp ? 'heapray-otlp' : 'heapray';
  const others = new DashboardLinkBuilder('Other dashboards')
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .keepTime(true);
  const dashboard = new DashboardBuilder(`heapray: ${options.title}${isOtlp ? ' (OTLP)' : ''}`)
    .uid(uidOf(m, options.id))
    .description(options.description)
    .tags([tag])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(DATASOURCE_VARIABLE);
  for (const variable of options.variables) dashboard.withVariable(variable);
  for (const link of [...options.links, others]) dashboard.link(link);
  return dashboard;
}

/** Returns the dashboard with what the builders leave to be done. */
export function finished(builder: DashboardBuilder): Dashboard {
  const dashboard = builder.build();
  // Numbers of their own, so that links to a panel stay valid.
  for (const [index, panel] of (dashboard.panels ?? []).entries()) {
    panel.id = index + 1;
    // The builder sets an option that tables no longer have.
    if (panel.type === 'table' && 'options' in panel) delete panel.options.footer;
  }
  // The builders set these for all kinds of variables, and Grafana's schema has them only for intervals.
  for (const variable of dashboard.templating?.list ?? []) {
    for (const key of ['auto', 'auto_min', 'auto_count'] as const) delete variable[key];
  }
  // Links are shown at the top, not in a menu.
  for (const link of dashboard.links ?? []) delete link.placement;
  return dashboard;
}
