"""Does to a Store of Python's entropic what a test asks, and prints the answer as JSON.

    entropic_store.py <folder> <commands> [<database>]

`commands` is a JSON array of [name, arguments…]; the answers come as an array. The database is a URL of
SQLAlchemy (default: <folder>/db.sqlite3), the results are in <folder>/results. Params are Python source,
so that a test can say 1.0 and 1.
"""

import json
import os
import sys
import warnings
from typing import Any, Optional

from sqlalchemy import JSON

from entropic import Base, Mapped, Store, mapped_column
from entropic.hashing import hash_dict

warnings.simplefilter("ignore")


class Sim(Base):
    __tablename__ = "results"

    n: Mapped[int]
    dt: Mapped[float]
    method: Mapped[str]
    flag: Mapped[bool]
    label: Mapped[Optional[str]]
    cfg: Mapped[dict[str, Any]] = mapped_column(JSON)


ran = []


def runner(params):
    ran.append(params["id"])
    with open(params["result_file"], "w") as file:
        file.write(f"Python {params['n']}")


def as_json(record):
    if record is None:
        return None
    return {
        "n": record.n,
        "dt": repr(record.dt),
        "method": record.method,
        "flag": record.flag,
        "label": record.label,
        "cfg": record.cfg,
        "id": record.id,
        "result_file": record.result_file,
        "created_at": record.created_at.isoformat(),
        "custom_data": record.custom_data,
    }


def main(folder, commands, database=None):
    store = Store(
        runner=runner,
        result_cls=Sim,
        results_dir=os.path.join(folder, "results"),
        file_suffix=".txt",
        db_url=database or f"sqlite:///{folder}/db.sqlite3",
    )

    def run(method, source, custom_data):
        before = len(ran)
        record = getattr(store, method)(eval(source), **custom_data)
        return {"record": as_json(record), "ran": len(ran) > before}

    def note(source, custom_data):
        """As a run leaves it before its note is ingested."""
        return store._run(eval(source), **custom_data)

    def sweep(sources):
        before = len(ran)
        records = store.sweep([eval(source) for source in sources])
        return {"records": [as_json(record) for record in records], "ran": len(ran) - before}

    commands_by_name = {
        "run_or_retrieve": lambda *given: run("run_or_retrieve", *given),
        "run": lambda *given: run("run", *given),
        "retrieve": lambda source: as_json(store.retrieve(eval(source))),
        "delete": lambda source: store.delete(eval(source)),
        "ingest": lambda: store._ingest_to_db(),
        "hash": lambda source: hash_dict(eval(source)),
        "note": note,
        "sweep": sweep,
    }
    print(json.dumps([commands_by_name[name](*given) for name, *given in commands]))


main(sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:])
