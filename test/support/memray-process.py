"""Runs memray commands and Python scripts, each in a process forked from this one, which has loaded memray already.

Reads a request from each line of standard input, as JSON, and writes the exit status of its process to standard output:

- "command": arguments of memray, or
- "script": arguments of Python, either `-c CODE ARGUMENT...` or `FILE ARGUMENT...`
- "stdout", "stderr": files for its output
"""
import ctypes
import gc
import json
import os
import runpy
import signal
import sys
import traceback

from memray.commands import main

LIMIT_SECONDS = 300


def redirect(descriptor, file, flags):
    opened = os.open(file, flags, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def run(request):
    signal.alarm(LIMIT_SECONDS)
    redirect(0, os.devnull, os.O_RDONLY)
    for descriptor, name in [(1, "stdout"), (2, "stderr")]:
        redirect(descriptor, request[name], os.O_WRONLY | os.O_CREAT)
    if "command" in request:
        sys.argv = ["memray", *request["command"]]
        sys.exit(main(request["command"]))
    first, *arguments = request["script"]
    if first == "-c":
        code, *arguments = arguments
        sys.argv = ["-c", *arguments]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = [first, *arguments]
        sys.path.insert(0, os.path.dirname(first))
        runpy.run_path(first, run_name="__main__")


def status_of(request):
    try:
        run(request)
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


# Collections would write to the memory that processes share.
gc.freeze()
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        status = status_of(json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        # Output of C code. Then end at once, because taking down the interpreter takes longer than many commands.
        ctypes.CDLL(None).fflush(None)
        os._exit(status)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
