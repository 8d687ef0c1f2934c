"""What pandas, polars and DuckDB make of the rows of a sidecar, read from its URL.

Prints one JSON object: for each reader its columns' types and the sum of the column alpha.
"""

import io
import json
import sys
import urllib.request

import duckdb
import pandas
import polars
import pyarrow.ipc

url = sys.argv[1]


def fetch(path, **headers):
    request = urllib.request.Request(url + path, headers=headers)
    with urllib.request.urlopen(request) as response:
        return response.read()


runs = pyarrow.ipc.open_stream(fetch("/v1/runs.arrow")).read_all()
csv = pandas.read_csv(f"{url}/v1/runs.csv")
ndjson = pandas.read_json(f"{url}/v1/runs.ndjson", lines=True)
arrow = polars.read_ipc_stream(fetch("/v1/runs", Accept="application/vnd.apache.arrow.stream"))
lines = polars.read_ndjson(io.BytesIO(fetch("/v1/runs.ndjson")))
duck = duckdb.sql("SELECT sum(alpha), count(*) FROM runs WHERE flag").fetchall()[0]

print(
    json.dumps(
        {
            "pyarrow": {field.name: str(field.type) for field in runs.schema},
            "pandas csv": [float(csv["alpha"].sum()), str(csv["seed"].dtype), len(csv)],
            "pandas ndjson": [float(ndjson["alpha"].sum()), len(ndjson)],
            "polars arrow": [arrow["alpha"].sum(), str(arrow["seed"].dtype), arrow.height],
            "polars ndjson": [lines["alpha"].sum(), lines.height],
            "duckdb": list(duck),
            "mixed": runs.column("mixed").to_pylist()[:4],
            "big": runs.column("big").to_pylist()[:2],
        }
    )
)
