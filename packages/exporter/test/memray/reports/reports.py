"""Makes memray's reports of captures: `<python of its environment> reports.py FOLDER FILE.bin...`.

Prints JSON: "made", the reports that this memray has, and "wrong", a list of [file, report, error].
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
    ["table", "-f", "--split-threads"],
    ["flamegraph", "-f"],
    ["flamegraph", "-f", "--leaks"],
    ["flamegraph", "-f", "--inverted"],
    ["flamegraph", "-f", "--split-threads"],
    ["transform", "csv", "-f"],
    ["transform", "gprof2dot", "-f"],
    ["transform", "speedscope", "-f"],
]
OF_ALL_ALLOCATIONS = [
    ["stats"],
    ["stats", "--json", "-f"],
    ["summary", "--temporary-allocations"],
    ["table", "-f", "--temporary-allocations"],
    ["flamegraph", "-f", "--temporary-allocations"],
    ["flamegraph", "-f", "--temporal"],
    ["flamegraph", "-f", "--temporal", "--leaks"],
    ["transform", "csv", "-f", "--temporary-allocations"],
]
WITHOUT_OUTPUT = {"summary", "stats"}


def run(args):
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main(args)
    except BaseException as error:
        return repr(error), said.getvalue()
    return None if status == 0 else f"status {status}", said.getvalue()


def report(args, folder, file):
    has_output = args[0] not in WITHOUT_OUTPUT or "--json" in args
    output = ["-o", os.path.join(folder, "report")] if has_output else []
    problem, said = run([*args, *output, file])
    return problem and f"{problem}: {said}"


def is_there(args):
    """Returns whether this memray has the report: its help lists all the arguments."""
    _, said = run([args[0], "--help"])
    return all(word == "-f" or word in said for word in args[1:])


folder, *files = sys.argv[1:]
both_kinds = [args for args in BOTH_KINDS if is_there(args)]
of_all_allocations = [args for args in OF_ALL_ALLOCATIONS if is_there(args)]
wrong = []
for file in files:
    aggregated = "agg" in os.path.basename(file)
    for args in both_kinds + ([] if aggregated else of_all_allocations):
        problem = report(args, folder, file)
        if problem:
            wrong.append([os.path.basename(file), " ".join(args), problem])
made = [" ".join(args) for args in both_kinds + of_all_allocations]
print(json.dumps({"made": made, "wrong": wrong}))
