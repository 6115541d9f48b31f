import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  AxisPlacement,
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  FieldColorSeriesByMode,
  MappingType,
  type MatcherConfig,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLORS, type Color } from './colors.ts';
import { DATASOURCE, type Link } from './variables.ts';

export interface Query {
  readonly expr: string;
  /** Grafana's legend format. */
  readonly legend?: string;
}

interface PanelOptions {
  readonly title: string;
  /** One or two sentences in plain words, shown beside the title. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Width: the dashboard has 24 columns. */
  readonly span: number;
  /** Default: that of the kind of panel. */
  readonly height?: number;
  /** Text while there is no data, if that is a normal state. */
  readonly noValue?: string;
}

interface ValueOptions extends PanelOptions {
  /** Grafana's ID of the unit. */
  readonly unit: string;
  readonly min?: number;
  readonly max?: number;
}

type Thresholds = readonly (readonly [from: number, color: Color])[];

export interface StatOptions extends ValueOptions {
  readonly thresholds?: Thresholds;
  readonly sparkline?: boolean;
  /** Shows the legend instead of the value. */
  readonly showName?: boolean;
}

export interface TimeSeriesOptions extends ValueOptions {
  readonly stacked?: boolean;
  /** Colours by legend. Other series are coloured by their size. */
  readonly colors?: Readonly<Record<string, Color>>;
  /** Legends of series that are drawn as lines over the stack. */
  readonly lines?: readonly string[];
  /** Legends of series that are dashed. */
  readonly dashed?: readonly string[];
  /** Link of every point. */
  readonly link?: Link;
  /** Series with an axis of their own. */
  readonly rightAxis?: { readonly regex: string; readonly unit: string };
}

/** A column with the values of a query; the columns before it are the labels. */
export interface Column {
  readonly name: string;
  readonly unit: string;
  readonly hidden?: boolean;
}

export interface TableOptions extends PanelOptions {
  /** One for each query. */
  readonly columns: readonly Column[];
  /** Default: the first column of values, largest first. */
  readonly sortBy?: string;
  /** Link of the cells of one column. */
  readonly link?: Link & { readonly column: string };
}

export interface StateTimelineOptions extends PanelOptions {
  readonly values: readonly { readonly value: number; readonly text: string; readonly color: Color }[];
}

/** The parts of all panel builders that are used here. */
interface AnyBuilder {
  title(text: string): this;
  description(text: string): this;
  datasource(ref: typeof DATASOURCE): this;
  span(columns: number): this;
  height(rows: number): this;
  noValue(text: string): this;
}

export function row(title: string): RowBuilder {
  return new RowBuilder(title);
}

export function timeSeries(options: TimeSeriesOptions): TimeSeriesBuilder {
  const { unit, min, max, stacked = false, colors, lines = [], dashed = [] } = options;
  const { link, rightAxis } = options;
  const panel = withCommon(new TimeSeriesBuilder(), options, 8)
    .unit(unit)
    .fillOpacity(stacked ? 60 : 0)
    .lineWidth(stacked ? 0 : 2)
    .stacking(new StackingConfigBuilder().group('A').mode(stacked ? StackingMode.Normal : StackingMode.None))
    .colorScheme(bySize())
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max'])
        .sortBy('Last *')
        .sortDesc(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  for (const [index, query] of options.queries.entries()) panel.withTarget(rangeQuery(query, index));
  for (const [name, color] of Object.entries(colors ?? {})) {
    panel.withOverride({ matcher: byName(name), properties: [fixedColor(color)] });
  }
  for (const name of lines) panel.withOverride({ matcher: byName(name), properties: asLine() });
  for (const name of dashed) {
    const style = property('custom.lineStyle', { fill: 'dash', dash: [10, 10] });
    panel.withOverride({ matcher: byName(name), properties: [style] });
  }
  if (link !== undefined) {
    panel.withOverride({ matcher: { id: 'byRegexp', options: '.*' }, properties: [linkTo(link)] });
  }
  if (rightAxis !== undefined) {
    const axis = [property('unit', rightAxis.unit), property('custom.axisPlacement', AxisPlacement.Right)];
    panel.withOverride({ matcher: { id: 'byRegexp', options: rightAxis.regex }, properties: axis });
  }
  return panel;
}

export function stat(options: StatOptions): StatBuilder {
  const { unit, thresholds = [[0, COLORS.sky]], sparkline = false, showName = false } = options;
  const panel = withCommon(new StatBuilder(), options, 4)
    .unit(unit)
    .thresholds(thresholdSteps(thresholds))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(sparkline ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .textMode(showName ? BigValueTextMode.Name : BigValueTextMode.Value)
    .reduceOptions(lastValue());
  // Without a sparkline, only what is now: a series that has ended has a last value in the time range, too.
  const targetOf = sparkline ? rangeQuery : instantQuery;
  for (const [index, query] of options.queries.entries()) panel.withTarget(targetOf(query, index));
  return panel;
}

export function barGauge(options: StatOptions): BarGaugeBuilder {
  const { unit, min = 0, max = 1, thresholds = [[0, COLORS.sky]] } = options;
  const panel = withCommon(new BarGaugeBuilder(), options, 4)
    .unit(unit)
    .min(min)
    .max(max)
    .thresholds(thresholdSteps(thresholds))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(lastValue());
  for (const [index, query] of options.queries.entries()) panel.withTarget(instantQuery(query, index));
  return panel;
}

export function stateTimeline(options: StateTimelineOptions): StateTimelineBuilder {
  const mapped = options.values.map(({ value, text, color }, index) => [`${value}`, { text, color, index }]);
  const panel = withCommon(new StateTimelineBuilder(), options, 8)
    .mappings([{ type: MappingType.ValueToText, options: Object.fromEntries(mapped) }])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mergeValues(true)
    .rowHeight(0.8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    );
  for (const [index, query] of options.queries.entries()) panel.withTarget(rangeQuery(query, index));
  return panel;
}

export function table(options: TableOptions): TableBuilder {
  const { columns, queries, link, sortBy } = options;
  if (columns.length !== queries.length) throw new Error(`${options.title}: needs a column for each query`);
  const valueColumn = (index: number) => (queries.length === 1 ? 'Value' : `Value #${refId(index)}`);
  const shown = columns.flatMap(({ name, hidden }, index) => (hidden ? [] : [[valueColumn(index), name]]));
  const hidden = columns.flatMap(({ hidden }, index) => (hidden ? [[valueColumn(index), true]] : []));
  const panel = withCommon(new TableBuilder(), options, 8)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, ...Object.fromEntries(hidden) },
        renameByName: { ...LABEL_HEADS, ...Object.fromEntries(shown) },
      },
    });
  const first = columns.find((column) => !column.hidden)?.name;
  if (sortBy !== undefined) panel.sortBy([sorting(LABEL_HEADS[sortBy] ?? sortBy, false)]);
  else if (first !== undefined) panel.sortBy([sorting(first, true)]);
  for (const [index, query] of queries.entries()) panel.withTarget(tableQuery(query, index));
  for (const { name, unit } of columns) {
    panel.withOverride({ matcher: byName(name), properties: [property('unit', unit)] });
  }
  if (link !== undefined) panel.withOverride({ matcher: byName(link.column), properties: [linkTo(link)] });
  return panel;
}

/** Returns a table whose rows are call sites. */
export function callSiteTable(options: TableOptions): TableBuilder {
  return table({ height: 10, ...options });
}

/** Heads of the columns that are labels. */
const LABEL_HEADS: Readonly<Record<string, string>> = {
  code_function_name: 'function',
  code_file_path: 'file',
  code_line_number: 'line',
  code_column_number: 'column',
  heapray_package_name: 'package',
  heapray_package_version: 'version',
  heapray_component: 'component',
  heapray_process_id: 'forked process',
  heapray_hint: 'hint',
  heapray_profiler_mode: 'mode',
  heapray_reason: 'reason',
  service_version: 'version of the service',
  host_name: 'host',
  process_pid: 'pid',
  process_runtime_version: 'Node',
};

function withCommon<B extends AnyBuilder>(panel: B, options: PanelOptions, height: number): B {
  panel
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    .span(options.span)
    .height(options.height ?? height);
  if (options.noValue !== undefined) panel.noValue(options.noValue);
  return panel;
}

function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function anyQuery({ expr, legend = '__auto' }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId(index)).datasource(DATASOURCE).expr(expr).legendFormat(legend);
}

function rangeQuery(query: Query, index: number): DataqueryBuilder {
  return anyQuery(query, index).range();
}

function instantQuery(query: Query, index: number): DataqueryBuilder {
  return anyQuery(query, index).instant();
}

function tableQuery(query: Query, index: number): DataqueryBuilder {
  return instantQuery(query, index).format(PromQueryFormat.Table);
}

/** Colours series by their last value, from yellow to blue: distinct with any form of colour blindness. */
function bySize(): FieldColorBuilder {
  return new FieldColorBuilder().mode(FieldColorModeId.ContinuousYlBl).seriesBy(FieldColorSeriesByMode.Last);
}

function lastValue(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);
}

/** Returns steps of thresholds; the first is for everything below the second. */
function thresholdSteps(thresholds: Thresholds): ThresholdsConfigBuilder {
  const steps = thresholds.map(([value, color], index) => ({ value: index === 0 ? null : value, color }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function byName(name: string): MatcherConfig {
  return { id: 'byName', options: name };
}

function property(id: string, value: unknown): DynamicConfigValue {
  return { id, value };
}

function linkTo({ title, url }: Link): DynamicConfigValue {
  return property('links', [{ title, url, targetBlank: true }]);
}

function sorting(column: string, desc: boolean): TableSortByFieldStateBuilder {
  return new TableSortByFieldStateBuilder().displayName(column).desc(desc);
}

function fixedColor(color: Color): DynamicConfigValue {
  return property('color', { mode: FieldColorModeId.Fixed, fixedColor: color });
}

function asLine(): DynamicConfigValue[] {
  return [
    property('custom.stacking', { mode: StackingMode.None, group: 'A' }),
    property('custom.fillOpacity', 0),
    property('custom.lineWidth', 2),
    fixedColor(COLORS.grey),
  ];
}
