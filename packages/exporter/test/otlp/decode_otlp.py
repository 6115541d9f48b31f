"""Prints the samples of OTLP profiles as JSON lines: argument 1 is `proto` or `json`, standard input has the request."""

import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import (
    ExportProfilesServiceRequest,
)


def value_of(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(one) for one in value.array_value.values]
    return None if kind is None else getattr(value, kind)


def main():
    request = ExportProfilesServiceRequest()
    data = sys.stdin.buffer.read()
    if sys.argv[1] == "json":
        json_format.Parse(data, request)
    else:
        request.ParseFromString(data)
    tables = request.dictionary
    text = tables.string_table

    def attribute(index):
        found = tables.attribute_table[index]
        return [text[found.key_strindex], value_of(found.value), text[found.unit_strindex]]

    def frame(index):
        location = tables.location_table[index]
        (line,) = location.lines
        function = tables.function_table[line.function_index]
        names = [text[function.name_strindex], text[function.filename_strindex]]
        return [*names, line.line, line.column, function.start_line]

    for resource in request.resource_profiles:
        for scope in resource.scope_profiles:
            for profile in scope.profiles:
                kind = [text[profile.sample_type.type_strindex], text[profile.sample_type.unit_strindex]]
                for sample in profile.samples:
                    (value,) = sample.values
                    stack = tables.stack_table[sample.stack_index].location_indices
                    frames = [frame(index) for index in stack]
                    attributes = [attribute(index) for index in sample.attribute_indices]
                    print(json.dumps([kind, value, frames, attributes]))
                print(json.dumps([kind, profile.time_unix_nano, profile.duration_nano, profile.period]))


main()
