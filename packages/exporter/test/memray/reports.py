"""Makes memray's reports of captures: `<python of its environment> reports.py FOLDER FILE.bin...`.

Prints a JSON list of [file, report, what went wrong].
"""
import contextlib
import io
import json
import os
import sys

from memray.commands import main

BOTH_KINDS = [
    ["summary"],
    ["table", "-f"],
    ["table", "-f", "--leaks"],
    ["flamegraph", "-f"],
    ["flamegraph", "-f", "--leaks"],
    ["transform", "csv", "-f"],
]
OF_ALL_ALLOCATIONS = [["stats"], ["stats", "--json", "-f"], ["flamegraph", "-f", "--temporal"]]
WITHOUT_OUTPUT = {"summary", "stats"}


def report(args, folder, file):
    has_output = args[0] not in WITHOUT_OUTPUT or "--json" in args
    output = ["-o", os.path.join(folder, "report")] if has_output else []
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main([*args, *output, file])
    except BaseException as error:
        return repr(error)
    return None if status == 0 else f"status {status}: {said.getvalue()}"


folder, *files = sys.argv[1:]
wrong = []
for file in files:
    aggregated = "agg" in os.path.basename(file)
    for args in BOTH_KINDS + ([] if aggregated else OF_ALL_ALLOCATIONS):
        problem = report(args, folder, file)
        if problem:
            wrong.append([os.path.basename(file), " ".join(args), problem])
print(json.dumps(wrong))
