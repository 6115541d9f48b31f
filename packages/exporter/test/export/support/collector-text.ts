// The text that the debug exporter of OpenTelemetry's Collector prints of an OTLP request: all tables but that of stacks, and
// all samples. Reads the request without the package's own code.
import { type Fields, fieldsOf, integer, integers, messages, pieces } from './proto-fields.js';

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('utf8');
const list = (numbers: readonly bigint[]) => `[${numbers.join(' ')}]`;

export function collectorText(request: Uint8Array): string {
  const message = fieldsOf(request);
  const dictionary = messages(message, 2)[0]!;
  const strings = pieces(dictionary, 5).map(text);
  const attributes = messages(dictionary, 6);
  const lines = [
    ...messages(dictionary, 1).flatMap(mappingLines),
    ...messages(dictionary, 2).flatMap(locationLines),
    ...messages(dictionary, 3).flatMap(functionLines),
    ...lastAttributeLines(attributes),
    'Link table:',
    '     -> Trace ID: Str()',
    '     -> Span ID: Str()',
    'String table:',
    ...strings.map((one) => `    ${one}`),
    ...messages(message, 1).flatMap((resource, at) => resourceLines(resource, at, strings, attributes)),
  ];
  return `${lines.join('\n')}\n`;
}

function mappingLines(mapping: Fields, at: number): readonly string[] {
  return [
    `Mapping #${at}`,
    `    Memory start: ${integer(mapping, 1)}`,
    `    Memory limit: ${BigInt.asUintN(64, integer(mapping, 2))}`,
    `    File offset: ${integer(mapping, 3)}`,
    `    File name: ${integer(mapping, 4)}`,
    `    Attributes: ${list(integers(mapping, 5))}`,
  ];
}

function locationLines(location: Fields, at: number): readonly string[] {
  return [
    `Location #${at}`,
    `    Mapping index: ${integer(location, 1)}`,
    `    Address: ${integer(location, 2)}`,
    ...messages(location, 3).flatMap((line, number) => [
      `    Line #${number}`,
      `        Function index: ${integer(line, 1)}`,
      `        Line: ${integer(line, 2)}`,
      `        Column: ${integer(line, 3)}`,
    ]),
    `    Attributes: ${list(integers(location, 4))}`,
  ];
}

function functionLines(fn: Fields, at: number): readonly string[] {
  return [
    `Function #${at}`,
    `    Name: ${integer(fn, 1)}`,
    `    System name: ${integer(fn, 2)}`,
    `    Filename: ${integer(fn, 3)}`,
    `    Start line: ${integer(fn, 4)}`,
  ];
}

/** The Collector overwrites each attribute with the next: only the last one is printed here, the others with samples. */
function lastAttributeLines(attributes: readonly Fields[]): readonly string[] {
  const last = attributes.at(-1)!;
  return [
    'Attribute table:',
    `     -> Key: Int(${integer(last, 1)})`,
    `     -> Value: Str(${contentOf(last)?.[1] ?? ''})`,
    `     -> unit: Int(${integer(last, 3)})`,
  ];
}

function resourceLines(
  resource: Fields,
  at: number,
  strings: readonly string[],
  attributes: readonly Fields[],
): readonly string[] {
  const own = messages(resource, 1).flatMap((one) => messages(one, 1));
  return [
    `ResourceProfiles #${at}`,
    `Resource SchemaURL: ${text(pieces(resource, 3)[0])}`,
    ...attributeLines('Resource attributes', own),
    ...messages(resource, 2).flatMap((scope, number) => scopeLines(scope, number, strings, attributes)),
  ];
}

function attributeLines(title: string, own: readonly Fields[]): readonly string[] {
  if (own.length === 0) return [];
  return [`${title}:`, ...own.map((one) => `     -> ${text(pieces(one, 1)[0])}: ${shown(one)}`)];
}

function scopeLines(
  scoped: Fields,
  at: number,
  strings: readonly string[],
  attributes: readonly Fields[],
): readonly string[] {
  const [scope = new Map()] = messages(scoped, 1);
  return [
    `ScopeProfiles #${at}`,
    `ScopeProfiles SchemaURL: ${text(pieces(scoped, 3)[0])}`,
    `InstrumentationScope ${text(pieces(scope, 1)[0])} ${text(pieces(scope, 2)[0])}`,
    ...attributeLines('InstrumentationScope attributes', messages(scope, 3)),
    ...messages(scoped, 2).flatMap((profile, number) => [
      `Profile #${number}`,
      `    Profile ID     : ${Buffer.from(pieces(profile, 7)[0] ?? []).toString('hex')}`,
      `    Start time     : ${timeText(integer(profile, 3))}`,
      `    DurationNano   : ${integer(profile, 4)}`,
      `    Dropped attributes count: ${integer(profile, 8)}`,
      ...messages(profile, 2).flatMap((sample, row) => sampleLines(sample, row, strings, attributes)),
    ]),
  ];
}

function sampleLines(
  sample: Fields,
  at: number,
  strings: readonly string[],
  attributes: readonly Fields[],
): readonly string[] {
  const own = integers(sample, 2).map((index) => attributes[Number(index)]!);
  return [
    `    Sample #${at}`,
    `        Values: ${list(integers(sample, 4))}`,
    ...(own.length === 0 ? [] : ['        Attributes:']),
    ...own.map((one) => `             -> ${strings[Number(integer(one, 1))]}: ${shown(one)}`),
  ];
}

function shown(keyValue: Fields): string {
  const [type, value] = contentOf(keyValue) ?? ['Empty', ''];
  return `${type}(${value})`;
}

/** Returns the type and text of a string or an integer. */
function contentOf(keyValue: Fields): readonly [string, string] | undefined {
  const [value] = messages(keyValue, 2);
  if (value?.has(1)) return ['Str', text(pieces(value, 1)[0])];
  if (value?.has(3)) return ['Int', `${integer(value, 3)}`];
  return undefined;
}

/** Returns a time as Go prints it: without zeros at the end of the fraction. */
function timeText(nanos: bigint): string {
  const iso = new Date(Number(nanos / 1_000_000n)).toISOString();
  const fraction = `${nanos % 1_000_000_000n}`.padStart(9, '0').replace(/0+$/, '');
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`} +0000 UTC`;
}
