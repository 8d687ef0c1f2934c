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


def edit_columnar(store):
    """Writes a columnar file again, without its first row and with its last one twice."""
    import pyarrow
    import pyarrow.feather
    import pyarrow.parquet

    is_parquet = Path(store).suffix == ".parquet"
    read = pyarrow.parquet.read_table if is_parquet else pyarrow.feather.read_table
    table = read(store, memory_map=False)
    edited = pyarrow.concat_tables([table.slice(1), table.slice(len(table) - 1)])
    if is_parquet:
        pyarrow.parquet.write_table(edited, store)
    else:
        pyarrow.feather.write_feather(edited, store, compression="uncompressed")


def columnar(store, reader):
    """The type of each column of a columnar file, and its rows, as a package reads them."""
    kind = Path(store).suffix
    if reader == "pandas":
        import pandas

        frame = pandas.read_parquet(store) if kind == ".parquet" else pandas.read_feather(store)
        types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
        return {"types": types, "rows": json.loads(frame.to_json(orient="records"))}
    if reader == "polars":
        import polars

        read = {".parquet": polars.read_parquet, ".arrow": polars.read_ipc, ".arrows": polars.read_ipc_stream}
        frame = read[kind](store)
        return {"types": {name: str(dtype) for name, dtype in frame.schema.items()}, "rows": frame.to_dicts()}
    if reader == "duckdb":
        import duckdb

        relation = duckdb.sql(f"SELECT * FROM '{store}'")
        types = dict(zip(relation.columns, map(str, relation.types)))
        return {"types": types, "rows": [dict(zip(relation.columns, row)) for row in relation.fetchall()]}
    import pyarrow.ipc
    import pyarrow.parquet

    if kind == ".parquet":
        table = pyarrow.parquet.read_table(store)
    elif kind == ".arrow":
        table = pyarrow.ipc.open_file(store).read_all()
    else:
        table = pyarrow.ipc.open_stream(store).read_all()
    table.validate(full=True)
    return {"types": {field.name: str(field.type) for field in table.schema}, "rows": table.to_pylist()}


def make_columnar(store, writer):
    """Writes rows of several types with a package, without compression where that is not read."""
    import datetime

    import pandas

    rows = {
        "seed": [1, 2],
        "alpha": [0.5, 3.0],
        "debug": [True, False],
        "model": ["linear", "two words"],
        "time": [datetime.datetime(2026, 11, 21, 14, 22, 1, tzinfo=datetime.timezone.utc)] * 2,
    }
    kind = Path(store).suffix
    if writer == "polars":
        import polars

        frame = polars.DataFrame(rows)
        if kind == ".parquet":
            frame.write_parquet(store)
        else:
            oldest = polars.CompatLevel.oldest()
            write = frame.write_ipc if kind == ".arrow" else frame.write_ipc_stream
            write(store, compression="uncompressed", compat_level=oldest)
    elif writer == "pandas":
        frame = pandas.DataFrame(rows)
        if kind == ".parquet":
            frame.to_parquet(store)
        else:
            frame.to_feather(store, compression="uncompressed")
    else:
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.table({**rows, "model": pyarrow.array(rows["model"]).dictionary_encode()})
        if kind == ".parquet":
            pyarrow.parquet.write_table(table, store)
        else:
            new = pyarrow.ipc.new_file if kind == ".arrow" else pyarrow.ipc.new_stream
            with new(store, table.schema) as sink:
                sink.write_table(table)


def sqlite_rows(store, sql):
    with contextlib.closing(sqlite3.connect(store)) as db:
        return db.execute(sql).fetchall()


COMMANDS = {
    command.__name__: command
    for command in (run, record, has, load, remove, pandas_types, duckdb_types, edit_columnar, columnar, make_columnar, sqlite_rows)
}

for line in sys.stdin:
    name, *arguments = json.loads(line)
    try:
        answer = COMMANDS[name](*arguments)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
