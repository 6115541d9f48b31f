"""Runs a command, its output thrown away, and answers what it cost in one JSON line.

In Python because Node cannot tell what a child cost; on the Python of the memray that is compared with.
"""

import json
import resource
import subprocess
import sys
import time

start = time.monotonic()
status = subprocess.run(
    sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
).returncode
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(
    json.dumps(
        {
            "status": status,
            "wall": wall,
            "user": used.ru_utime,
            "system": used.ru_stime,
            "residentMiB": used.ru_maxrss / 1024,
        }
    )
)
