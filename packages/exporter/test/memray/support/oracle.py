"""Prints the contents of a capture as read by the real memray, as JSON: `<python of its environment> oracle.py FILE.bin`.

A stack is a list of indexes into `locations`, innermost first. Times are milliseconds since the Unix epoch.
"""
import json
import sys

from memray import AllocatorType
from memray import FileReader

WITHOUT_STACK = {AllocatorType.FREE, AllocatorType.PYMALLOC_FREE, AllocatorType.MUNMAP}
EVERY_FRAME = 1_000_000


class Locations:
    def __init__(self):
        self.list = []
        self.index = {}

    def stack(self, record):
        return [self.one(tuple(frame)) for frame in record.stack_trace(EVERY_FRAME)]

    def one(self, location):
        if location not in self.index:
            self.index[location] = len(self.list)
            self.list.append(location)
        return self.index[location]


def name_of(allocator):
    return AllocatorType(allocator).name


def groups(records, locations, merged):
    out = []
    for record in records:
        group = {"size": record.size, "count": record.n_allocations, "stack": locations.stack(record)}
        if not merged:
            group["tid"] = record.tid
            group["thread"] = record.thread_name
        out.append(group)
    return out


def both(get, locations, **options):
    return {
        "byThread": groups(get(merge_threads=False, **options), locations, False),
        "merged": groups(get(merge_threads=True, **options), locations, True),
    }


def event(record, locations):
    allocator = AllocatorType(record.allocator)
    stack = [] if allocator in WITHOUT_STACK else locations.stack(record)
    return [record.tid, record.address, record.size, allocator.name, stack]


def temporal(records, locations):
    return [
        {
            "tid": record.tid,
            "allocator": name_of(record.allocator),
            "stack": locations.stack(record),
            "intervals": [
                [i.allocated_before_snapshot, i.deallocated_before_snapshot, i.n_allocations, i.n_bytes]
                for i in record.intervals
            ],
        }
        for record in records
    ]


def main(path):
    reader = FileReader(path)
    locations = Locations()
    metadata = reader.metadata
    high_water_mark, peaks = reader.get_temporal_high_water_mark_allocation_records(merge_threads=False)
    high_water_mark = temporal(high_water_mark, locations)
    json.dump(
        {
            "peak": metadata.peak_memory,
            "total": metadata.total_allocations,
            "commandLine": metadata.command_line,
            "events": [event(record, locations) for record in reader.get_allocation_records()],
            "snapshots": [[s.time, s.rss, s.heap] for s in reader.get_memory_snapshots()],
            "highWaterMark": both(reader.get_high_watermark_allocation_records, locations),
            "leaks": both(reader.get_leaked_allocation_records, locations),
            "temporary": {
                str(n): both(reader.get_temporary_allocation_records, locations, threshold=n) for n in (0, 1, 5)
            },
            "temporalLeaks": temporal(reader.get_temporal_allocation_records(merge_threads=False), locations),
            "temporalHighWaterMark": {"peaks": list(peaks), "records": high_water_mark},
            "locations": locations.list,
        },
        sys.stdout,
    )


main(sys.argv[1])
