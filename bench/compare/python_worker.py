"""Does one task with one contender, and prints its times as JSON; js_worker.ts is its twin.

python_worker.py CONTENDER fill|look|resume|grid FOLDER ROWS SECONDS PACKAGES FROM
"""

import csv
import json
import os
import random
import resource
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from statistics import median

contender, task, folder, rows, seconds, _, *rest = sys.argv[1:]
folder, rows, seconds = Path(folder), int(rows), float(seconds)
warnings.simplefilter("ignore")
MODELS = ["linear", "forest", "lasso", "ridge", "boosted"]
begin = time.perf_counter()


def params_at(i):
    """The params of row i, as sample_rows.ts has them."""
    return {"alpha": (i % 99 + 1) / 100, "seed": 1000 + i // 495, "model": MODELS[i // 99 % 5]}


def work(alpha, seed, model):
    if task == "grid":
        with open(folder / "ran.log", "a") as file:
            file.write(f"{alpha} {seed} {model}\n")
        time.sleep(0.005)
    return {"loss": alpha * seed}


def fill_by_calls(call):
    def fill(start, end):
        i = start
        while i < end and time.perf_counter() - begin < seconds:
            call(**params_at(i))
            i += 1
        return i

    return fill


def python_stet():
    from stet import once

    store = folder / "runs.csv"

    def fill(start, end):
        # In the form in which it writes, without its quadratic time.
        columns = ["alpha", "seed", "model", "_stet_timestamp"]
        with open(store, "a", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            if start == 0:
                writer.writeheader()
            for i in range(start, end):
                writer.writerow(
                    {**params_at(i), "_stet_timestamp": "2026-11-21T14:22:01.123456+00:00"}
                )
        return end

    return once(store=str(store))(work), fill


def use_entropic():
    from entropic import Base, Mapped, Store

    class Result(Base):
        __tablename__ = "results"
        alpha: Mapped[float]
        seed: Mapped[int]
        model: Mapped[str]

    def runner(params):
        result = work(params["alpha"], params["seed"], params["model"])
        with open(params["result_file"], "w") as file:
            json.dump(result, file)

    store = Store(
        runner=runner,
        result_cls=Result,
        results_dir=str(folder / "results"),
        db_url=f"sqlite:///{folder}/runs.sqlite3",
        file_suffix=".txt",
    )

    def call(**params):
        return store.run_or_retrieve(params)

    return call, fill_by_calls(call)


def use_joblib():
    from joblib import Memory

    call = Memory(folder / "cache", verbose=0).cache(work)
    return call, fill_by_calls(call)


def use_diskcache():
    from diskcache import Cache

    # Nothing may be evicted: a run would be done again.
    cache = Cache(str(folder / "cache"), eviction_policy="none")
    call = cache.memoize()(work)
    by_calls = fill_by_calls(call)

    def fill(start, end):
        with cache.transact():
            return by_calls(start, end)

    return call, fill


def sample(body):
    """The median time of a call, in microseconds; of three calls at least."""
    for i in range(3):
        body(i)
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        body(len(times) + 3)
        times.append(time.perf_counter() - start)
    return median(times) * 1e6


makers = {
    "python-stet": python_stet,
    "entropic": use_entropic,
    "joblib": use_joblib,
    "diskcache": use_diskcache,
}
os.chdir(folder)
call, fill = makers[contender]()
answer = {}
out, sys.stdout = sys.stdout, open(os.devnull, "w")
if task == "fill":
    answer["filled"] = fill(int(rest[0]), rows)
elif task == "look":
    answer["look"] = sample(lambda i: call(**params_at(i * 7919 % rows)))
    run = random.randrange(10**7, 10**9)
    answer["record"] = sample(lambda i: call(**{**params_at(i), "seed": -run - i}))
elif task == "resume":
    done = 0
    while done < rows and time.perf_counter() - begin < seconds:
        call(**params_at(done))
        done += 1
    answer["called"] = done
else:
    for i in range(rows):
        call(**params_at(i))
answer["seconds"] = time.perf_counter() - begin
answer["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(answer), file=out)
