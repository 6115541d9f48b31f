"""Observes CPython's configparser and os.path on the texts of python-cases.json, and writes that file again. See README.md.

With two arguments, observes seeded random texts instead: the number of each kind, and the file to write.
"""

import configparser
import io
import json
import os
import pathlib
import random
import sys

SEED = 20260901
SPACES = [" ", "  ", "\t", "\u00a0", "\u2003", "\x1c", "\x0c", "\x85"]
ENDS = ["\n"] * 12 + ["\r\n", "\r", "\n\n", "\n \n"]
VALUES = [
    "v",
    "a,b",
    "",
    "x=y",
    "p:q",
    "# no",
    "; no",
    "'q'",
    "%%",
    "%(k)s",
    "%(m)s",
    "%(K)s",
    "50%",
    "%(k",
    "[s]",
    "\u2028",
    "\ufeff",
]
KEYS = ["k", "m", "K", "n o", "[k", "", "k\u00a0"]
SECTIONS = ["[s]", "[s]", "[t]", "[S]", "[DEFAULT]", "[ s ]", "[t] ]", "[t] x", "[]", "[a]b]"]
MAX_ROUNDS = 60


def some(rng, chance, choices):
    return rng.choice(choices) if rng.random() < chance else ""


def value(rng):
    return (
        "".join(rng.choice(VALUES) for _ in range(rng.choice([1, 1, 1, 2, 3]))) if rng.random() < 0.6 else "v"
    )


def line(rng):
    kind = rng.random()
    if kind < 0.5:
        key = rng.choice(KEYS) if rng.random() < 0.3 else f"{rng.choice('kmno')}{rng.randrange(40)}"
        sign = some(rng, 0.6, SPACES) + rng.choice("==:") + some(rng, 0.6, SPACES)
        return some(rng, 0.1, SPACES) + key + sign + value(rng) + some(rng, 0.2, SPACES)
    if kind < 0.65:
        return some(rng, 0.05, SPACES) + rng.choice(SECTIONS) + some(rng, 0.1, SPACES)
    if kind < 0.85:
        return rng.choice(SPACES) + value(rng)
    if kind < 0.93:
        return some(rng, 0.4, SPACES) + rng.choice("#;") + value(rng)
    return rng.choice(["", "", "  ", "what", "\ufeff"])


def ini_text(rng):
    first = rng.choice(SECTIONS[:5]) + "\n" if rng.random() < 0.9 else ""
    return first + "".join(line(rng) + rng.choice(ENDS) for _ in range(rng.randrange(1, 9)))


def nested(depth):
    """Makes a chain of values, each of which refers to the next."""
    return "[s]\n" + "".join(f"k{i} = %(k{i + 1})s\n" for i in range(depth)) + f"k{depth} = v%%\n"


FIXED = [nested(depth) for depth in range(7, 13)] + ["[a\u2028b]\nk = v\n", "[s]\nk\u2029m = v\u2029\n"]


def read_value(parser, section, key):
    try:
        return {"value": parser.get(section, key)}
    except configparser.InterpolationError as error:
        return {"refused": type(error).__name__}


def read_ini(text):
    """Parses a file like Airflow: case-sensitive keys, otherwise as configparser does."""
    parser = configparser.ConfigParser()
    parser.optionxform = str
    try:
        # newline=None reads line ends as open() does.
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error as error:
        return {"text": text, "refused": type(error).__name__}
    own = {one: list(parser._sections[one]) for one in parser.sections()}
    values = {
        one: {key: read_value(parser, one, key) for key in parser.options(one)} for one in parser.sections()
    }
    return {"text": text, "keys": own, "values": values}


PIECES = [
    "$A",
    "${A}",
    "$B",
    "${B}",
    "$C",
    "$NOBODY",
    "${",
    "}",
    "$",
    "~",
    "/",
    "~daemon",
    "x",
    "_",
    ",",
    " ",
    "$HOME",
    "\n",
]


def expansion_case(rng):
    def text(length):
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(length)))

    env = {"HOME": rng.choice(["/h", "", "/", "/h/", "h", "~", "$A"])}
    for name, chance in (("A", 0.9), ("B", 0.8), ("C", 0.5)):
        if rng.random() < chance:
            env[name] = text(3)
    return {"text": text(6), "env": env}


def expand(case):
    """Expands like Airflow, but gives up when the value keeps changing."""
    os.environ.clear()
    os.environ.update(case["env"])
    current = case["text"]
    for _ in range(MAX_ROUNDS):
        following = os.path.expanduser(os.path.expandvars(current))
        if following == current:
            return {**case, "value": current}
        if len(following) > 100_000:
            break
        current = following
    return {**case, "refused": "never ends"}


def main():
    target = pathlib.Path(__file__).with_name("python-cases.json")
    known = json.loads(target.read_text())
    texts = [one["text"] for one in known["ini"]]
    cases = [{"text": one["text"], "env": one["env"]} for one in known["expand"]]
    if len(sys.argv) > 1:
        count = int(sys.argv[1])
        target = pathlib.Path(sys.argv[2])
        rng = random.Random(SEED)
        texts = [*FIXED, *(ini_text(rng) for _ in range(count))]
        cases = [expansion_case(rng) for _ in range(count)]
    inis = [read_ini(text) for text in texts]
    expansions = [expand(case) for case in cases]
    spaces = [code for code in range(0x10000) if chr(code).isspace()]
    rows = [",\n".join(json.dumps(one) for one in some) for some in (inis, expansions)]
    target.write_text(
        f'{{"python": "{sys.version.split()[0]}",\n"spaces": {spaces},\n"ini": [\n{rows[0]}\n],\n"expand": [\n{rows[1]}\n]}}\n'
    )


if __name__ == "__main__":
    main()
