"""The quick-start of entropic's README, with a text file in place of numpy's, in the folder given."""

import os
import sys
import warnings

from entropic import Base, Mapped, Store

warnings.simplefilter("ignore")
os.chdir(sys.argv[1])


class SimResult(Base):
    __tablename__ = "results"

    n: Mapped[int]
    steps: Mapped[int]
    dt: Mapped[float]


def my_simulation(params: dict) -> None:
    with open(params["result_file"], "w") as file:
        file.write(f"{params['n']} x {params['steps']}")


store = Store(
    runner=my_simulation,
    result_cls=SimResult,
    results_dir="./results",
    db_url="sqlite:///./runs.sqlite3",
    file_suffix=".npy",
)

record = store.run_or_retrieve({"n": 100, "steps": 5000, "dt": 0.01})
same = store.run_or_retrieve({"n": 100, "steps": 5000, "dt": 0.01})
assert same.id == record.id and same.created_at == record.created_at
store.run_or_retrieve({"n": 50, "steps": 10, "dt": 1.0}, git_sha="abc123")
