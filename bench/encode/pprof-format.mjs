// Encodes with pprof-format, the encoder of other profilers for Node: an object for each record, then their bytes.
import { Function as Fn, Label, Line, Location, Profile, Sample, StringTable, ValueType } from 'pprof-format';

export function buildWithPprofFormat({ columns, samples, locations, functions, strings, key }) {
  const stringTable = new StringTable();
  for (const text of strings) stringTable.dedup(text);
  return new Profile({
    sampleType: columns.map(([type, unit]) => new ValueType({ type, unit })),
    sample: samples.map(
      ({ stack, values, label }) =>
        new Sample({ locationId: stack, value: values, label: [new Label({ key, str: label })] }),
    ),
    location: locations.map(
      ({ id, fn, line, column }) =>
        new Location({ id, mappingId: 1, line: [new Line({ functionId: fn, line, column })] }),
    ),
    function: functions.map(
      ({ id, name, file, line }) => new Fn({ id, name, systemName: name, filename: file, startLine: line }),
    ),
    stringTable,
  });
}
