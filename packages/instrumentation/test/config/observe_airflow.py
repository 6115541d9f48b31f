"""Observes how the real Airflow reads its profiling settings in the cases of airflow-cases.json, and writes that file again.

With a file as argument, observes all cases and writes that file. See README.md.
"""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import airflow_file_cases as files
import airflow_value_cases as values

TIMEOUT_SECONDS = 60

# Runs in a fresh interpreter for each case, since Airflow reads its settings once, at import.
CHILD = r"""
import json, logging, sys, types

seen = {"traced": []}
warned = []

class Keep(logging.Handler):
    def emit(self, record):
        if record.args and "Failed to convert value" in record.msg:
            warned.append(list(record.args))

class Tracker:
    def __init__(self, file_name, native_traces, trace_python_allocators):
        seen["traced"].append([file_name, native_traces, trace_python_allocators])
    def __enter__(self):
        return self
    def __exit__(self, *_):
        return False

sys.modules["memray"] = types.SimpleNamespace(Tracker=Tracker)
stage = "load"
try:
    from airflow import configuration
    configuration.write_default_airflow_configuration_if_needed()
    seen["home"] = str(configuration.AIRFLOW_HOME)
    seen["config"] = str(configuration.AIRFLOW_CONFIG)
    from airflow.utils.memray_utils import MemrayTraceComponents, enable_memray_trace
    stage = "components"
    conf = configuration.conf
    parser = sys.modules[conf.getenumlist.__func__.__module__]
    keep = Keep()
    parser.log.addHandler(keep)
    listed = conf.getenumlist("profiling", "memray_trace_components", MemrayTraceComponents)
    parser.log.removeHandler(keep)
    seen["components"] = [one.value for one in listed]
    seen["warnings"] = warned
    stage = "detailed"
    seen["detailed"] = conf.getboolean("profiling", "memray_detailed_tracing")
    stage = "run"
    for one in MemrayTraceComponents:
        enable_memray_trace(one)(lambda: None)()
except BaseException as error:
    seen = {"refused": type(error).__name__, "stage": stage}
print("\n@@" + json.dumps(seen))
"""


def put(root, text):
    return text.replace("{root}", root)


def observe(one):
    """Adds what Airflow did with a case."""
    with tempfile.TemporaryDirectory() as root:
        for folder in ("home", "cwd", "user"):
            pathlib.Path(root, folder).mkdir()
        for path, text in one["files"].items():
            target = pathlib.Path(put(root, path))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(put(root, text).encode())
        env = {"HOME": f"{root}/user", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        env.update({key: put(root, value) for key, value in one["env"].items()})
        try:
            done = subprocess.run(
                [sys.executable, "-c", CHILD],
                env=env,
                cwd=f"{root}/cwd",
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {**one, "airflow": {"refused": "never ends", "stage": "components"}}
        if "\n@@" not in done.stdout:
            raise RuntimeError(f"{one['name']}: {done.stderr}")
        seen = json.loads(done.stdout.rpartition("\n@@")[2].replace(root, "{root}"))
        return {**one, "airflow": seen}


def main():
    groups = (
        values.list_cases,
        values.expansion_cases,
        values.boolean_cases,
        files.precedence_cases,
        files.file_cases,
        files.place_cases,
    )
    target = pathlib.Path(__file__).with_name("airflow-cases.json")
    names = {one["name"] for one in json.loads(target.read_text())}
    cases = [one for group in groups for one in group()]
    if len(sys.argv) > 1:
        target = pathlib.Path(sys.argv[1])
    else:
        cases = [one for one in cases if one["name"] in names]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(observe, cases))
    lines = ",\n".join(json.dumps(one) for one in done)
    target.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
