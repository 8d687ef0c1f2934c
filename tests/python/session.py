"""Does to stores what a test asks of Python's stet, pandas, DuckDB and sqlite3.

Each line of standard input is a JSON array, the name of a command below and its arguments; each
line of standard output is the answer as JSON, or {"error": text}. Params are Python source, so that
a test can say 1.0 and 1.
"""

import contextlib
import inspect
import json
import sqlite3
import sys
from pathlib import Path

import stet
from stet.backends import get_backend

NAMES = {"nan": float("nan"), "inf": float("inf")}


def params_of(source):
    return eval(source, NAMES)


def run(store, sources):
    """Calls a function under @stet.once with each params: which of them it ran."""
    ran = []
    for source in sources:
        params = params_of(source)
        calls = []

        def work(**given):
            calls.append(given)

        names = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in params]
        work.__signature__ = inspect.Signature(names)
        with contextlib.redirect_stdout(sys.stderr if "-v" in sys.argv else None):
            stet.once(store=store)(work)(**params)
        ran.append(len(calls) == 1)
    return ran


def record(store, sources):
    for source in sources:
        get_backend(Path(store)).record(params_of(source))


def has(store, sources):
    return [get_backend(Path(store)).has(params_of(source)) for source in sources]


def load(store):
    """The rows, each value as Python's repr of it."""
    rows = get_backend(Path(store)).load()
    return [{name: repr(value) for name, value in row.items()} for row in rows]


def remove(store, source):
    get_backend(Path(store)).remove(params_of(source))


def pandas_types(store):
    """The type of each column, and what its timestamps are once they are parsed."""
    import pandas

    kind = Path(store).suffix
    if kind == ".csv":
        frame = pandas.read_csv(store)
    elif kind in (".sqlite", ".db"):
        with contextlib.closing(sqlite3.connect(store)) as db:
            frame = pandas.read_sql_query("SELECT * FROM stet_records", db)
    else:
        frame = pandas.read_json(store, lines=kind != ".json")
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    times = pandas.to_datetime(frame["_stet_timestamp"])
    return {"types": types, "times": str(times.dtype), "rows": json.loads(frame.to_json(orient="records"))}


def duckdb_types(store):
    """The type of each column, and the rows with their timestamps as text."""
    import duckdb

    relation = duckdb.sql(f"SELECT * FROM '{store}'")
    types = dict(zip(relation.columns, map(str, relation.types)))
    rows = duckdb.sql(f"SELECT * EXCLUDE _stet_timestamp FROM '{store}'").fetchall()
    years = duckdb.sql(f"SELECT DISTINCT year(_stet_timestamp::TIMESTAMPTZ) FROM '{store}'").fetchall()
    return {"types": types, "rows": rows, "years": years}


def sqlite_rows(store, sql):
    with contextlib.closing(sqlite3.connect(store)) as db:
        return db.execute(sql).fetchall()


COMMANDS = {
    command.__name__: command
    for command in (run, record, has, load, remove, pandas_types, duckdb_types, sqlite_rows)
}

for line in sys.stdin:
    name, *arguments = json.loads(line)
    try:
        answer = COMMANDS[name](*arguments)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
