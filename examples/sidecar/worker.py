"""Runs a grid with Python's standard library: claims runs, works, records.

Start as many as you like, on any machine that reaches the sidecar:

    stet serve runs.csv &
    python3 worker.py http://127.0.0.1:8787
"""

import json
import os
import socket
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8787"
KEY = ["alpha", "seed"]
LEASE = 30  # seconds; renewed while the work goes on
ME = f"python {os.getpid()} on {socket.gethostname()}"


def post(route, body):
    """What the sidecar answers. A lost connection is made again: nothing is recorded twice."""
    headers = {"Content-Type": "application/json"}
    if "STET_TOKEN" in os.environ:
        headers["Authorization"] = f"Bearer {os.environ['STET_TOKEN']}"
    data = json.dumps(body).encode()
    for wait in (0.1, 0.5, 2, 5, 10, None):
        try:
            request = urllib.request.Request(f"{URL}/v1/{route}", data, headers)
            with urllib.request.urlopen(request, timeout=90) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code != 503 or wait is None:
                raise RuntimeError(error.read().decode()) from None
        except (OSError, ValueError):
            if wait is None:
                raise
        time.sleep(wait)


def train(alpha, seed):
    """The work."""
    return {"loss": alpha * seed}


def work(params, token):
    """Runs one claimed run, and tells the sidecar what came of it."""
    claim = {"params": params, "key": KEY, "token": token}
    ended = threading.Event()

    def renew():
        while not ended.wait(LEASE / 3):
            post("renew", {**claim, "lease_seconds": LEASE})

    threading.Thread(target=renew, daemon=True).start()
    start = time.monotonic()
    try:
        result = train(**params)
    except Exception as error:
        ended.set()
        post("fail", {**claim, "error": str(error), "stack": traceback.format_exc()})
    else:
        ended.set()
        seconds = time.monotonic() - start
        post("record", {**claim, "result": result, "elapsed_seconds": seconds})


def main():
    left = [{"alpha": alpha, "seed": seed} for alpha in (0.1, 0.5) for seed in range(1, 11)]
    counts = {"ran": 0, "done before": 0}
    while left:
        # One to work on; if others work on all that is left, wait for them.
        asked = left[:1000]
        claims = {"batch": asked, "most": 1, "key": KEY, "lease_seconds": LEASE, "holder": ME}
        answers = post("claim", {**claims, "wait_seconds": 10})["answers"]
        rest = left[1000:]
        for params, answer in zip(asked, answers):
            if answer["state"] == "claimed":
                work(params, answer["token"])
                counts["ran"] += 1
            elif answer["state"] == "done":
                counts["done before"] += 1
            else:
                rest.append(params)
        left = rest
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
