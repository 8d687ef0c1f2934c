"""Has Python's entropic use models that a test gives, one table each; prints what the calls gave as JSON.

    entropic_model.py <folder> <[[table, columns of the model, call], …] as JSON; both are Python source>

The database is <folder>/db.sqlite3. In a call, `store` is the model's Store and `result` a file that is
there; it gives a record, whose columns are printed as text.
"""

import datetime
import enum
import json
import os
import sys
import warnings

from sqlalchemy import text

from entropic import Base, Mapped, Store, mapped_column

warnings.simplefilter("ignore")


class Color(enum.Enum):
    RED = "red value"
    BLUE = "blue value"


folder = sys.argv[1]
results = os.path.join(folder, "results")
os.makedirs(results, exist_ok=True)
result = os.path.join(results, "made.txt")
with open(result, "w") as file:
    file.write("made")


def runner(params):
    with open(params["result_file"], "w") as file:
        file.write("Python")


def answer(table, columns, call):
    body = "\n".join(f"    {line}" for line in [f"__tablename__ = '{table}'", *columns.split("\n")])
    names = dict(globals())
    exec(f"class Model(Base):\n{body}", names)
    model = names["Model"]
    store = Store(
        runner=runner,
        result_cls=model,
        results_dir=results,
        file_suffix=".txt",
        db_url=f"sqlite:///{folder}/db.sqlite3",
    )
    record = eval(call, {**names, "store": store})
    return {name: str(getattr(record, name)) for name in model.__table__.columns.keys()}


print(json.dumps([answer(*asked) for asked in json.loads(sys.argv[2])]))
