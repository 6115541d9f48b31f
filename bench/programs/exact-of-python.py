"""Runs the workload json in Python, plain or traced by memray, and answers its wall-clock time in one JSON line.

memray records as in Airflow's detailed tracing: each object of Python's own allocator, without native stacks.
"""

import json
import sys
import time

options = json.loads(sys.argv[1])
REQUEST = json.dumps(
    [
        {
            "id": number,
            "name": f"customer {number}",
            "active": number % 5 != 0,
            "tags": ["new", f"group-{number % 7}"],
            "price": number * 1.1,
        }
        for number in range(60)
    ]
)
answered = 0


def to_row(record, seed):
    label = f"{record['name']} ({', '.join(record['tags'])})"
    return {**record, "label": label, "key": f"{record['id']}:{seed % 1000}", "words": label.split(" ")}


def handle():
    global answered
    records = json.loads(REQUEST)
    rows = [to_row(record, answered) for record in records if record["active"]]
    answered += len(json.dumps({"rows": rows, "total": len(rows)}))


def at_depth(depth):
    if depth == 0:
        handle()
    else:
        at_depth(depth - 1)


def work(turns):
    for _ in range(turns):
        for _ in range(40):
            at_depth(12)


def timed():
    work(options["warmUpTurns"])
    start = time.monotonic()
    work(options["turns"])
    return (time.monotonic() - start) * 1000


if options.get("file"):
    import memray

    destination = memray.FileDestination(options["file"], compress_on_exit=False)
    with memray.Tracker(destination=destination, trace_python_allocators=True):
        millis = timed()
else:
    millis = timed()
print(json.dumps({"millis": millis}))
