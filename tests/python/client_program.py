"""Programs that use the Python client, for client_test.ts: `client_program.py NAME URL [ARGUMENT]`."""

import datetime
import json
import os
import signal
import sys
import threading
import time

from stet_client import Client, LostClaimError, ResultError, StetError, SweepError, once, sweep

name, url, *rest = sys.argv[1:] if len(sys.argv) > 2 else ("", "http://127.0.0.1:1")
argument = rest[0] if rest else ""


@once(store=url)
def train(alpha, seed=1):
    with open(argument, "a") as file:
        file.write(f"{alpha} {seed}\n")
    return {
        "loss": alpha * seed,
        "gap": float("nan"),
        "text": "nan",
        "big": 2**70,
        "list": [1, None],
    }


@once(store=url)
def slow(seed):
    time.sleep(0.02)
    return {"pid": os.getpid(), "square": seed * seed}


@once(store=url)
def deadly(seed):
    if seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return seed


@once(store=Client(url, lease_seconds=1))
def stuck(seed):
    print("stuck", flush=True)
    time.sleep(600 if argument == "stay" else 0)
    return {"by": argument}


VALUES = [
    0.1, 1e-5, 1e22, 2.0**60, 1.0, -0.0, 5e-324, 1.7976931348623157e308, 42, -7, 2**53, 2**53 + 1, 2**63,
    -(2**63) - 1, 2**70, None, True, False, "", "adam", "42", "1e3", "true", "None", "nan", " a ", '"q"',
    "[1]", "{}", "a\nb", "x\x7f", "ünïcödé \U0001f600", [], [1, [2.5, None, "3", [True]]], {"b": 1, "a": "x"},
    float("inf"), float("nan"), [float("nan")], (1, 2),
    datetime.datetime(2026, 11, 21, 14, 22, 1, 123000, datetime.timezone.utc),
]  # fmt: skip


def values():
    """Records a run for each value, and reads whether one is there."""
    client = Client(url, namespace="values")
    if argument == "has":
        return [client.has({"v": value, "i": i}, key=["v", "i"]) for i, value in enumerate(VALUES)]
    for i, value in enumerate(VALUES):
        with client.claim({"v": value, "i": i}) as run:
            run.record(value)
    found = [client.claim({"v": value, "i": i}).result for i, value in enumerate(VALUES)]
    expected = [*VALUES[:-2], [1, 2], "2026-11-21T14:22:01.123Z"]
    return [
        i
        for i, pair in enumerate(zip(found, expected))
        if pair[0] != pair[1] and repr(pair[0]) != repr(pair[1])
    ]


def calls():
    first = train(0.5)
    again = train(seed=1, alpha=0.5)
    other = Client(url, namespace="other").has({"alpha": 0.5, "seed": 1}, key=["alpha", "seed"])
    found = sweep(train, [{"alpha": 0.5}])[0].result
    return [repr(first) == repr(again) == repr(found), train.has(0.5), train.has(0.6), other]


def shared():
    outcomes = sweep(slow, {"seed": range(int(argument))}, concurrency=4, processes=True)
    assert [each.params["seed"] for each in outcomes] == list(range(int(argument)))
    assert all(each.result["square"] == each.params["seed"] ** 2 for each in outcomes)
    return sum(each.status == "ran" for each in outcomes)


def dies():
    try:
        sweep(deadly, {"seed": range(5)}, concurrency=2, processes=True)
    except SweepError as error:
        return [[each.status for each in error.outcomes], str(error)]


def lost():
    """Claims, stops renewing for longer than the lease, and records too late."""
    client = Client(url, lease_seconds=0.3)
    with client.claim({"late": 1}) as run:
        client._renewer.remove(run._body["token"])
        time.sleep(0.6)
        with Client(url).claim({"late": 1}) as winner:
            winner.record({"by": "winner"})
        try:
            run.record({"by": "loser"})
        except LostClaimError as error:
            late = [error.status, error.winner["result.by"], run.state]
    with Client(url, lease_seconds=0.3).claim({"renewed": 1}) as run:
        time.sleep(1)
        busy = client.claim({"renewed": 1}, wait=False).state
        run.record()
    return [late, busy]


def errors():
    messages = []
    client = Client(url)

    def message_of(body):
        try:
            body()
            messages.append("none")
        except (StetError, TypeError, ValueError, ZeroDivisionError) as error:
            messages.append(f"{type(error).__name__}: {error}")

    message_of(lambda: Client("runs.csv"))
    message_of(lambda: Client("http://127.0.0.1:9").has({"a": 1}))
    message_of(lambda: client.has({"result": 1}))
    message_of(lambda: client.has({"a": object()}))
    message_of(lambda: once(lambda n: {1: 2}, store=client)(1))
    message_of(lambda: once(lambda *n: 1, store=client))
    message_of(lambda: once(lambda n: 1, store=client, key=["m"]))
    message_of(lambda: once(lambda n: 1 / 0, store=client)(2))
    message_of(lambda: Client(url, token="wrong").has({"a": 1}))
    return messages


def away():
    """Records while the sidecar is away; the test kills it, and starts another."""
    client = Client(url)
    with client.claim({"away": 1}) as run:
        print("claimed", flush=True)
        sys.stdin.readline()
        run.record({"here": True})
    return run.state


@once(store=url)
def uneven(seed):
    time.sleep(1.5 if seed == 0 else 0.7)
    return {"square": seed * seed}


def interrupted():
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    try:
        sweep(uneven, {"seed": range(10_000)}, concurrency=2)
    except KeyboardInterrupt:
        return "interrupted"


if __name__ == "__main__":
    programs = {"stuck": lambda: stuck(1)}
    print(json.dumps((programs.get(name) or globals()[name])()))
