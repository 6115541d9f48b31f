// The parts of a made dashboard that tests look at.

export interface PanelJson {
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: unknown;
  readonly targets?: readonly {
    readonly expr: string;
    readonly refId: string;
    readonly legendFormat?: string;
    readonly instant?: boolean;
  }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly custom?: unknown;
    };
    readonly overrides: readonly {
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly options?: unknown;
  readonly panels?: readonly PanelJson[];
}

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly PanelJson[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query?: string | { readonly query: string } }[];
  };
}

/** Returns the panels, without rows. */
export function panelsOf({ panels }: DashboardJson): readonly PanelJson[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter(({ type }) => type !== 'row');
}

export interface Expression {
  /** Title of the panel. */
  readonly panel: string;
  readonly expr: string;
  /** Grafana's legend format. */
  readonly legend: string;
}

/** Returns the expressions of all panels. */
export function expressionsOf(dashboard: DashboardJson): readonly Expression[] {
  return panelsOf(dashboard).flatMap(({ title = '', targets = [] }) =>
    targets.map(({ expr, legendFormat = '' }) => ({ panel: title, expr, legend: legendFormat })),
  );
}
