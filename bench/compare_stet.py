"""Times the look and the record of Python's stet on a store of its own making.

Arguments: the path of a store that is not there yet, how many rows it is to have, for how many
seconds to sample. Prints the medians as JSON, in microseconds.
"""

import contextlib
import csv
import json
import sqlite3
import sys
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

from stet.backends import get_backend

TIMESTAMP = "2026-11-21T14:22:01.123456+00:00"
MODELS = ["linear", "forest", "lasso", "ridge", "boosted"]
COLUMNS = ["alpha", "seed", "model", "_stet_timestamp"]


def params_at(i):
    """The params of row i, as sample_store.ts has them."""
    return {"alpha": (i % 99 + 1) / 100, "seed": 1000 + i // 495, "model": MODELS[i // 99 % 5]}


def row_at(i):
    return {**{name: str(value) for name, value in params_at(i).items()}, "_stet_timestamp": TIMESTAMP}


def make(store, count):
    """Writes a store in the form in which Python's stet writes it, without its quadratic time."""
    rows = map(row_at, range(count))
    if store.suffix == ".csv":
        with open(store, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif store.suffix == ".json":
        with open(store, "w") as file:
            json.dump(list(rows), file, indent=2)
    else:
        with contextlib.closing(sqlite3.connect(store)) as db, db:
            columns = ", ".join(f'"{name}" TEXT' for name in COLUMNS)
            db.execute(f"CREATE TABLE stet_records ({columns})")
            values = ", ".join(f":{name}" for name in COLUMNS)
            db.executemany(f"INSERT INTO stet_records VALUES ({values})", rows)


def sample(seconds, body):
    """The median time of a turn, in microseconds: of three at least."""
    body(0)
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        body(len(times) + 1)
        times.append(time.perf_counter() - start)
    return median(times) * 1e6


store, count, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
make(store, count)
backend = get_backend(store)


def look(turn):
    # Spread over the store, as a look at the first row of an unindexed table costs nothing.
    if not backend.has(params_at(turn * 7919 % count)):
        raise LookupError("a row was not found")


look_time = sample(seconds, look)
record_time = sample(seconds, lambda turn: backend.record(params_at(count + turn)))
print(json.dumps({"version": version("stet"), "look": look_time, "record": record_time}))
