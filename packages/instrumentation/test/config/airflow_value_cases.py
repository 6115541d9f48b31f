"""Cases for Airflow: lists, expansions and booleans."""

LIST = "AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS"
BOOL = "AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING"
ABSENT = object()


def case(name, env=None, cfg=ABSENT, files=None, at="{root}/home/airflow.cfg", home="{root}/home"):
    """One situation: variables, and files by path; `cfg` is the text of the config file at `at`."""
    variables = dict(env or {})
    if home is not None:
        variables.setdefault("AIRFLOW_HOME", home)
    texts = dict(files or {})
    if cfg is not ABSENT:
        texts[at] = cfg
    return {"name": name, "env": variables, "files": texts}


def profiling(text):
    """A config file with one line in [profiling]."""
    return f"[profiling]\n{text}\n"


def list_cases():
    values = [
        "scheduler",
        "dag_processor",
        "api",
        "triggerer",
        "scheduler,api",
        "api,scheduler",
        "scheduler,scheduler",
        "scheduler,api,scheduler",
        "scheduler,dag_processor,api,triggerer",
        "",
        " ",
        "   \t ",
        ",",
        ",,",
        " , ",
        "scheduler,",
        ",scheduler",
        "a,,b",
        "scheduler,,api",
        " scheduler ",
        "scheduler , api",
        "\tscheduler\t,\napi\n",
        "\u00a0scheduler\u00a0",
        "\u2003api\u2003",
        "\x85scheduler",
        "\x1cscheduler\x1d",
        "\ufeffscheduler",
        "scheduler\u200b",
        "\u3000triggerer",
        "Scheduler",
        "SCHEDULER",
        "dag-processor",
        "DAG_PROCESSOR",
        "api_server",
        "api-server",
        "all",
        "*",
        "worker",
        "'scheduler'",
        '"scheduler"',
        '["scheduler"]',
        "[scheduler]",
        "scheduler;api",
        "scheduler api",
        "scheduler|api",
        "scheduler # remark",
        "# scheduler",
        "scheduler, # remark, api",
        "True",
        "1",
        "None",
        "webserver,celery,api",
        "scheduler,worker,api,worker",
        "__class__",
        "name",
        "schedüler",
        "ѕcheduler",
        "scheduler%",
        "%(x)s",
        "scheduler=api",
        "MemrayTraceComponents.api",
    ]
    for value in values:
        yield case(f"list in env: {value!r}", {LIST: value})


def expansion_cases():
    pairs = [
        ("$WHAT", {"WHAT": "scheduler"}),
        ("${WHAT}", {"WHAT": "scheduler,api"}),
        ("$A", {"A": "$B", "B": "api"}),
        ("${A}", {"A": "${B}", "B": "${C}", "C": "triggerer"}),
        ("$NOBODY", {}),
        ("${NOBODY}", {}),
        ("scheduler,$NOBODY", {}),
        ("$NONE", {"NONE": ""}),
        ("$NONE,api", {"NONE": ""}),
        ("$$WHAT", {"WHAT": "api"}),
        ("\\$WHAT", {"WHAT": "api"}),
        ("$WHAT_X", {"WHAT": "api"}),
        ("${WHAT}_X", {"WHAT": "api"}),
        ("dag_$P", {"P": "processor"}),
        ("${D}_processor", {"D": "dag"}),
        ("${}", {}),
        ("$", {}),
        ("${WHAT", {"WHAT": "a"}),
        ("$9", {"9": "api"}),
        ("${A B}", {"A B": "api"}),
        ("$A$B", {"A": "a", "B": "pi"}),
        ("$A$B", {"A": "$", "B": "C", "C": "api"}),
        ("~", {}),
        ("~/x", {}),
        ("~daemon", {}),
        ("~daemon/x,api", {}),
        ("~no_such_user_here", {}),
        ("api,~", {}),
        (" ~", {}),
        ("~", {"HOME": ""}),
        ("~/x", {"HOME": "/"}),
        ("~", {"HOME": "/h//"}),
        ("$T", {"T": "~"}),
        ("~$P", {"P": "daemon"}),
        ("~", {"HOME": "scheduler"}),
        ("~", {"HOME": "$WHAT", "WHAT": "api"}),
        ("$what", {"WHAT": "api"}),
        ("$Ä", {"Ä": "api"}),
        ("%WHAT%", {"WHAT": "api"}),
        ("$(echo api)", {}),
        ("`echo api`", {}),
        ("$A", {"A": "$A"}),
        ("$PING", {"PING": "$PONG", "PONG": "$PING"}),
    ]
    for value, env in pairs:
        yield case(f"expansion in env: {value!r} {env!r}", {LIST: value, **env})
        if "%" not in value and not value.startswith(" "):
            yield case(
                f"expansion in file: {value!r} {env!r}", env, profiling(f"memray_trace_components = {value}")
            )


def boolean_cases():
    values = [
        "t",
        "true",
        "1",
        "f",
        "false",
        "0",
        "True",
        "TRUE",
        "tRuE",
        "False",
        "FALSE",
        "T",
        "F",
        " true ",
        "\ttrue\n",
        "true # why",
        "true#why",
        "#true",
        "# remark",
        "0#1",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "",
        " ",
        "2",
        "01",
        "1.0",
        "truee",
        "None",
        "null",
        "true;",
        "'true'",
        "\u00a0true\u00a0",
        "\ufefftrue",
        "true false",
        "-1",
        "tr ue",
        "\x1ftrue",
        "True\x85",
    ]
    for value in values:
        yield case(f"boolean in env: {value!r}", {BOOL: value})
    for value in ["true", "TRUE # why", "yes", "", "0", "on", "f # x"]:
        yield case(f"boolean in file: {value!r}", cfg=profiling(f"memray_detailed_tracing = {value}"))
        yield case(
            f"boolean in file with a traced component: {value!r}",
            {LIST: "api"},
            profiling(f"memray_detailed_tracing = {value}"),
        )
    yield case("boolean by variable", {BOOL: "$YES", "YES": "true"})
    yield case("boolean by unknown variable", {BOOL: "$NOBODY"})
    yield case(
        "bad boolean in file under a good one in env",
        {BOOL: "true"},
        profiling("memray_detailed_tracing = yes"),
    )
    yield case(
        "empty boolean in env over a good one in file",
        {BOOL: ""},
        profiling("memray_detailed_tracing = true"),
    )
