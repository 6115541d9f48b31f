"""Cases for Airflow: precedence, config files and their locations."""

from airflow_value_cases import BOOL, LIST, case, profiling


def precedence_cases():
    in_file = profiling("memray_trace_components = scheduler,api")
    yield case("nothing set")
    yield case("file only", cfg=in_file)
    yield case("env over file", {LIST: "triggerer"}, in_file)
    yield case("empty env over file", {LIST: ""}, in_file)
    yield case("blank env over file", {LIST: " "}, in_file)
    yield case("bad env over file", {LIST: "worker"}, in_file)
    yield case("variable that is empty over file", {LIST: "$NONE", "NONE": ""}, in_file)
    yield case("lower-case env", {LIST.lower(): "api"}, in_file)
    yield case("mixed-case env", {"Airflow__Profiling__Memray_Trace_Components": "api"})
    yield case("no _CMD", {LIST + "_CMD": "echo api"})
    yield case("no _SECRET", {LIST + "_SECRET": "api"})
    yield case("no _cmd in file", cfg=profiling("memray_trace_components_cmd = echo api"))
    yield case("env list, file boolean", {LIST: "api"}, profiling("memray_detailed_tracing = 1"))
    yield case("file list, env boolean", {BOOL: "1"}, in_file)


def file_cases():
    key = "memray_trace_components"
    texts = {
        "colon": f"[profiling]\n{key}: api\n",
        "no blanks": f"[profiling]\n{key}=api\n",
        "second sign": f"[profiling]\n{key} = a=b:c\n",
        "colon before equals": f"[profiling]\n{key} : = api\n",
        "upper-case key": f"[profiling]\n{key.upper()} = api\n",
        "upper-case section": f"[Profiling]\n{key} = api\n",
        "blanks in the header": f"[ profiling ]\n{key} = api\n",
        "text after the header": f"[profiling] x\n{key} = api\n",
        "bracket after the header": f"[profiling] ]\n{key} = api\n",
        "other section": f"[core]\n{key} = api\n",
        "empty value": f"[profiling]\n{key} =\n",
        "continued": f"[profiling]\n{key} = api,\n  scheduler,\n\ttriggerer\n",
        "value on the next line": f"[profiling]\n{key} =\n  api,\n  scheduler\n",
        "continued past a blank line": f"[profiling]\n{key} = api,\n\n  scheduler\n",
        "continued past a remark": f"[profiling]\n{key} = api,\n# x\n  scheduler\n",
        "continued past an indented remark": f"[profiling]\n{key} = api,\n  ; x\n  scheduler\n",
        "continued without a comma": f"[profiling]\n{key} = api\n  scheduler\n",
        "inline hash": f"[profiling]\n{key} = api # x\n",
        "inline semicolon": f"[profiling]\n{key} = api ; x\n",
        "remarked out": f"[profiling]\n# {key} = api\n; {key} = api\n",
        "indented key": f"[profiling]\n  {key} = api\n",
        "indented file": f"  [profiling]\n  {key} = api\n",
        "header as continuation": f"[profiling]\n{key} = api\n  [core]\n",
        "carriage returns": f"[profiling]\r\n{key} = api\r\n",
        "old mac": f"[profiling]\r{key} = api\r",
        "no last line feed": f"[profiling]\n{key} = api",
        "quotes": f'[profiling]\n{key} = "api"\n',
        "trailing blanks": f"[profiling]\n{key} = api \t \n",
        "empty file": "",
        "remarks only": "# x\n\n; y\n",
        "no section": f"{key} = api\n",
        "line without a sign": f"[profiling]\napi\n{key} = api\n",
        "line without a key": f"[profiling]\n= api\n",
        "bad line elsewhere": f"[profiling]\n{key} = api\n[zzz]\nwhat\n",
        "key twice": f"[profiling]\n{key} = api\n{key} = scheduler\n",
        "section twice": f"[profiling]\n{key} = api\n[profiling]\n",
        "other key twice": f"[zzz]\na = 1\na = 2\n[profiling]\n{key} = api\n",
        "key twice in two cases": f"[profiling]\n{key} = api\n{key.upper()} = scheduler\n",
        "other section twice": f"[zzz]\n[profiling]\n{key} = api\n[zzz]\n",
        "default section": f"[DEFAULT]\n{key} = api\n[profiling]\n",
        "default section alone": f"[DEFAULT]\n{key} = api\n",
        "default section below": f"[profiling]\n{key} = api\n[DEFAULT]\n{key} = scheduler\n",
        "default section twice": f"[DEFAULT]\na = 1\n[DEFAULT]\n{key} = api\n[profiling]\n",
        "reference": f"[profiling]\nmine = api\n{key} = %(mine)s,scheduler\n",
        "reference to default": f"[DEFAULT]\nmine = api\n[profiling]\n{key} = %(mine)s\n",
        "reference to another section": f"[zzz]\nmine = api\n[profiling]\n{key} = %(mine)s\n",
        "reference in another case": f"[profiling]\nMine = api\n{key} = %(mine)s\n",
        "reference to itself": f"[profiling]\n{key} = %({key})s\n",
        "double percent": f"[profiling]\n{key} = 50%%\n",
        "lone percent": f"[profiling]\n{key} = 50%\n",
        "percent at the front": f"[profiling]\n{key} = %x\n",
        "open reference": f"[profiling]\n{key} = %(mine\n",
        "lone percent elsewhere": f"[profiling]\nother = 50%\n{key} = api\n",
        "mark at the start": f"\ufeff[profiling]\n{key} = api\n",
        "odd space round the value": f"[profiling]\n{key} =\u00a0api\u2003\n",
        "odd space as indent": f"[profiling]\n{key} = api,\n\u00a0scheduler\n",
        "line separator in a value": f"[profiling]\n{key} = api,\u2028scheduler\n",
        "form feed": f"[profiling]\n{key} = api,\x0cscheduler\n",
        "brackets in a key": f"[profiling]\n[x = api\n{key} = api\n",
        "header only": "[profiling]\n",
        "empty header": f"[]\n{key} = api\n",
        "heapray section too": f"[heapray]\nsampling_interval = 1024\n[profiling]\n{key} = api\n",
        "unsettled value": f"[profiling]\n{key} = api%%\n  ,\n",
    }
    for name, text in texts.items():
        yield case(f"file: {name}", cfg=text)
    yield case("bad file under env", {LIST: "api"}, "nothing\n")
    yield case("lone percent under env", {LIST: "api", BOOL: "f"}, profiling(f"{key} = 50%"))


def place_cases():
    text = profiling("memray_trace_components = api")
    other = profiling("memray_trace_components = scheduler")
    yield case("AIRFLOW_CONFIG over home", {"AIRFLOW_CONFIG": "{root}/c.cfg"}, text, {"{root}/c.cfg": other})
    yield case(
        "AIRFLOW_CONFIG by variable",
        {"AIRFLOW_CONFIG": "$R/c.cfg", "R": "{root}"},
        files={"{root}/c.cfg": other},
    )
    yield case("AIRFLOW_CONFIG by tilde", {"AIRFLOW_CONFIG": "~/c.cfg"}, files={"{root}/user/c.cfg": other})
    yield case("relative AIRFLOW_CONFIG", {"AIRFLOW_CONFIG": "c.cfg"}, files={"{root}/cwd/c.cfg": other})
    yield case("AIRFLOW_CONFIG to nowhere", {"AIRFLOW_CONFIG": "{root}/home/none.cfg"}, text)
    yield case("AIRFLOW_CONFIG empty", {"AIRFLOW_CONFIG": ""}, text)
    yield case("AIRFLOW_CONFIG a folder", {"AIRFLOW_CONFIG": "{root}/cwd"}, text)
    yield case("airflow.cfg a folder", files={"{root}/home/airflow.cfg/x": ""})
    yield case("AIRFLOW_HOME by variable", {"AIRFLOW_HOME": "${R}/home", "R": "{root}"}, text)
    yield case("AIRFLOW_HOME by tilde", {"AIRFLOW_HOME": "~/af"}, text, at="{root}/user/af/airflow.cfg")
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////{root}/airflow.db"}
    yield case("empty AIRFLOW_HOME", {"AIRFLOW_HOME": "", **database}, text, at="{root}/cwd/airflow.cfg")
    yield case(
        "relative AIRFLOW_HOME", {"AIRFLOW_HOME": "af", **database}, text, at="{root}/cwd/af/airflow.cfg"
    )
    yield case(
        "airflow_home in the file",
        {"AIRFLOW_CONFIG": "{root}/c.cfg"},
        home=None,
        files={"{root}/c.cfg": "[core]\nairflow_home = {root}/elsewhere\n" + text},
    )
    yield case(
        "airflow_home in the file and env",
        {"AIRFLOW_CONFIG": "{root}/c.cfg"},
        files={"{root}/c.cfg": "[core]\nairflow_home = {root}/elsewhere\n" + text},
    )
