"""Runs every combination once: a client of the stet sidecar (`stet serve runs.csv`).

@once(store="http://127.0.0.1:8787")
def train(alpha, seed): ...

sweep(train, {"alpha": [0.1, 0.5], "seed": range(10)}, concurrency=4)
"""

from __future__ import annotations

import concurrent.futures
import datetime
import functools
import http.client
import inspect
import itertools
import json
import multiprocessing
import os
import re
import socket
import sys
import threading
import time
import traceback
import types
import urllib.parse
import uuid
import warnings
from collections import deque
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_sentinels
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Deque,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
    Union,
    overload,
)

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    P = ParamSpec("P")
elif sys.version_info >= (3, 10):
    from typing import ParamSpec

    P = ParamSpec("P")
else:
    P = TypeVar("P")
R = TypeVar("R")

__all__ = [
    "Client",
    "LostClaimError",
    "Once",
    "Outcome",
    "ResultError",
    "Run",
    "StetError",
    "SweepError",
    "once",
    "sweep",
]

Params = Dict[str, Any]

DEFAULT_LEASE_SECONDS = 60.0
MAX_LEASE_SECONDS = 86_400
REQUEST_TIMEOUT_SECONDS = 120
# How long a request is retried to a sidecar that went away, and to one that never answered.
PATIENCE_SECONDS = 30.0
FIRST_PATIENCE_SECONDS = 2.0
MIN_PAUSE_SECONDS = 0.02
MAX_PAUSE_SECONDS = 1.0
# A request of the routes has 1,000 runs and 8 MiB at most.
MAX_BATCH = 1000
MAX_BATCH_BYTES = 4 * 1024 * 1024
CLAIM_WAIT_SECONDS = 10
# Short: another busy run may be free by then.
SWEEP_WAIT_SECONDS = 1
MAX_TEXT = 1_000_000

NAMESPACE = "_stet_namespace"


class StetError(Exception):
    """The sidecar cannot be reached, or refuses a request."""

    def __init__(self, message: str, status: Optional[int] = None) -> None:
        super().__init__(message)
        self.status = status


class LostClaimError(StetError):
    """The lease expired and another client claimed the run. Nothing was written."""

    def __init__(self, message: str, winner: Params) -> None:
        super().__init__(message, 409)
        #: The recorded row, or `{"holder": …}` of the run under way.
        self.winner = winner


class ResultError(StetError):
    """A result cannot be stored. `value` has it; the run is noted as failed."""

    def __init__(self, message: str, value: Any) -> None:
        super().__init__(message)
        self.value = value


class SweepError(StetError):
    """Some runs of a sweep failed. `outcomes` has all; the others are recorded."""

    def __init__(self, message: str, outcomes: List[Outcome]) -> None:
        super().__init__(message)
        self.outcomes = outcomes


@dataclass(frozen=True)
class Outcome:
    """The end of one run of a sweep."""

    params: Params
    #: "ran", "skipped" (it was done), or "failed".
    status: str
    result: Any = None
    error: Optional[Exception] = None


def _plain(value: Any, path: str) -> Any:
    """Returns a value as JSON has it. NumPy scalars and arrays are taken by their `tolist`."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each, f"{path}[{i}]") for i, each in enumerate(value)]
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise TypeError(f"{path} has the key {name!r}; keys must be strings")
        return {name: _plain(each, f"{path}.{name}") for name, each in value.items()}
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise TypeError(f"{path} is a datetime without a time zone; give it one")
        utc = value.astimezone(datetime.timezone.utc)
        digits = "microseconds" if utc.microsecond % 1000 else "milliseconds"
        return utc.isoformat(timespec=digits).replace("+00:00", "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    to_list = getattr(value, "tolist", None)
    if callable(to_list) and hasattr(value, "dtype"):
        return _plain(to_list(), path)
    kind = type(value).__name__
    raise TypeError(f"{path} is a {kind}; use numbers, strings, booleans, None, lists and dicts")


def _encode_params(params: Mapping[str, Any]) -> Params:
    """Returns params as the routes have them: a string is cell text, and a quoted one always a text."""
    row = {}
    for name, value in params.items():
        plain = _plain(value, f'param "{name}"')
        row[name] = json.dumps(plain) if isinstance(plain, str) else plain
    return row


_JSON_CELL = re.compile(r'\s*["\[{]')
_BIGINT_CELL = re.compile(r"-?[0-9]+n$")


def _decode_cell(value: Any) -> Any:
    """Returns the value that a member of a row of an answer has."""
    if not isinstance(value, str):
        return value
    if value in ("nan", "inf", "-inf"):
        return float(value)
    if _BIGINT_CELL.match(value):
        return int(value[:-1])
    return json.loads(value) if _JSON_CELL.match(value) else value


def _result_of(row: Mapping[str, Any]) -> Any:
    """Returns the result that a row keeps, or None."""
    if "result" in row:
        return _decode_cell(row["result"])
    fields = {
        name[len("result.") :]: _decode_cell(cell)
        for name, cell in row.items()
        if name.startswith("result.")
    }
    return fields or None


def _has_ambiguous_text(value: Any) -> bool:
    """True if a result holds a text that also spells a number that JSON does not have."""
    if isinstance(value, dict):
        return any(map(_has_ambiguous_text, value.values()))
    if isinstance(value, list):
        return any(map(_has_ambiguous_text, value))
    return value in ("nan", "inf", "-inf")


class _Connection:
    """Sends requests to a sidecar, and again while it is away. Each thread has a connection of its own."""

    def __init__(self, url: str, token: Optional[str]) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f'Cannot use store "{url}": it must be the URL of a sidecar, as '
                f'"http://127.0.0.1:8787"; start one with: stet serve {url or "runs.csv"}'
            )
        if parts.username or parts.password:
            raise ValueError(
                f'Cannot use store "{parts.scheme}://{parts.hostname}": a URL is no place for a '
                f"token; set STET_TOKEN, or give token=…"
            )
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._path = parts.path.rstrip("/")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        host, port = parts.hostname, parts.port
        self._open: Callable[[], http.client.HTTPConnection] = lambda: kind(
            host, port, timeout=REQUEST_TIMEOUT_SECONDS
        )
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        token = os.environ.get("STET_TOKEN") if token is None else token
        if token:
            if not re.fullmatch(r"[ -~]+", token):
                raise ValueError("Cannot use the token: it has characters that no header can hold")
            self._headers["Authorization"] = f"Bearer {token}"
        self._local = threading.local()
        self._has_answered = False

    def post(self, route: str, body: Mapping[str, Any]) -> Params:
        """Returns the answer of a route. All requests of this client may arrive twice."""
        data = json.dumps(body).encode()
        start = time.monotonic()
        pause = MIN_PAUSE_SECONDS
        while True:
            problem = None
            try:
                status, text = self._send(f"{self._path}/v1/{route}", data)
                answer = json.loads(text)
                if status != 503:
                    self._has_answered = True
                    return self._checked(route, status, answer)
                problem = StetError(f"Cannot {route} at {self.url}: {answer['detail']}", 503)
            except StetError:
                raise
            except (OSError, http.client.HTTPException) as error:
                problem = StetError(
                    f"Cannot {route} at {self.url}: no answer within "
                    f"{time.monotonic() - start:.0f} s ({error or type(error).__name__}); start the "
                    f"sidecar there: stet serve runs.csv"
                )
                problem.__cause__ = error
            except (ValueError, KeyError, TypeError) as error:
                raise StetError(
                    f"Cannot {route} at {self.url}: the answer is not that of a stet sidecar; check the URL"
                ) from error
            patience = PATIENCE_SECONDS if self._has_answered else FIRST_PATIENCE_SECONDS
            if time.monotonic() - start + pause > patience:
                raise problem
            time.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def _send(self, path: str, data: bytes) -> Tuple[int, bytes]:
        local = self._local
        # A connection must not be shared with a forked process.
        if getattr(local, "pid", None) != os.getpid():
            local.pid, local.connection = os.getpid(), self._open()
        try:
            local.connection.request("POST", path, data, self._headers)
            response = local.connection.getresponse()
            return response.status, response.read()
        except BaseException:
            local.connection.close()  # the next request opens it again
            raise

    def _checked(self, route: str, status: int, answer: Any) -> Params:
        if status == 200 and isinstance(answer, dict):
            return answer
        message = f"Cannot {route} at {self.url}: {answer['detail']}"
        if answer.get("type") == "urn:stet:lost-claim":
            raise LostClaimError(message, answer["winner"])
        raise StetError(message, status)


class _Renewer:
    """Renews claims in a thread, which lives while there are any."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._changed = threading.Condition()
        self._due: Dict[str, Tuple[float, float, Params]] = {}
        self._thread: Optional[threading.Thread] = None

    def add(self, body: Params, lease_seconds: float) -> None:
        with self._changed:
            pause = lease_seconds / 3
            self._due[body["token"]] = (time.monotonic() + pause, pause, body)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="stet-renew", daemon=True)
                self._thread.start()
            self._changed.notify()

    def remove(self, token: str) -> None:
        with self._changed:
            self._due.pop(token, None)
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._due:
                    # An idle thread ends; `add` starts another.
                    self._changed.wait(5)
                    if not self._due:
                        self._thread = None
                        return
                due, pause, body = min(self._due.values(), key=lambda each: each[0])
                if due > time.monotonic():
                    self._changed.wait(due - time.monotonic())
                    continue
                self._due[body["token"]] = (time.monotonic() + pause, pause, body)
            try:
                self._connection.post("renew", body)
            except LostClaimError:
                self.remove(body["token"])  # its record raises the error
            except StetError as error:
                # Tried again when next due: an expired lease can still be redeemed.
                warnings.warn(f"{error}; the claim may be lost", RuntimeWarning, stacklevel=1)


class Run:
    """One run of a client: claimed, done or busy. A context manager that ends its claim."""

    def __init__(self, client: Client, params: Params, body: Params) -> None:
        self._client = client
        self._body = body
        self._start = 0.0
        self.params = params
        #: "claimed", "done", "busy", and after the end "recorded", "failed" or "released".
        self.state = "busy"
        #: The holder of a busy run.
        self.holder = ""
        #: The result of a done run.
        self.result: Any = None

    @property
    def done(self) -> bool:
        """True if the run was recorded before."""
        return self.state == "done"

    def record(self, result: Any = None) -> None:
        """Records the run with its result. When it returns, the sidecar has the row in its file.

        Raises LostClaimError if another client claimed the run since, and ResultError if the result
        cannot be stored.
        """
        try:
            fields = {} if result is None else {"result": _plain(result, "the result")}
        except (TypeError, RecursionError) as error:
            problem = ResultError(f"Cannot store a result: {error}", result)
            self._note(problem)
            raise problem from error
        self._end(
            "record", "recorded", {**fields, "elapsed_seconds": time.monotonic() - self._start}
        )

    def fail(self, error: Union[BaseException, str]) -> None:
        """Notes that the run failed, and ends its claim. The run is not done."""
        stack = ""
        if isinstance(error, BaseException):
            stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        text = str(error) or type(error).__name__
        self._end("fail", "failed", {"error": text[:MAX_TEXT], "stack": stack[:MAX_TEXT]})

    def release(self) -> None:
        """Ends the claim; nothing is noted."""
        self._end("release", "released", {})

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], _: Any) -> None:
        if self.state != "claimed":
            return
        if error is None:
            self.release()
        else:
            self._note(error)

    def _note(self, error: BaseException) -> None:
        """Notes a failure, whose error is raised next: trouble with the note must not replace it."""
        try:
            if isinstance(error, Exception):
                self.fail(error)
            else:
                self.release()  # interrupted
        except StetError as trouble:
            warnings.warn(
                f"The failure of a run was not noted: {trouble}", RuntimeWarning, stacklevel=3
            )

    def _claim(self, wait_seconds: float) -> None:
        client = self._client
        body = {
            **self._body,
            "token": str(uuid.uuid4()),  # a repeated request gives the same claim
            "lease_seconds": client.lease_seconds,
        }
        claim = {**body, "holder": client.holder, "wait_seconds": wait_seconds}
        answer = client._connection.post("claim", claim)
        self.state = answer["state"]
        if self.state == "claimed":
            self._body["token"] = body["token"]
            self._start = time.monotonic()
            client._renewer.add(body, client.lease_seconds)
        elif self.state == "done":
            self.result = answer.get("result")
            if _has_ambiguous_text(self.result):
                row = client._connection.post("find", self._body)["row"]
                self.result = _result_of(row or {})
        else:
            self.holder = answer["holder"]

    def _end(self, route: str, state: str, fields: Params) -> None:
        if self.state != "claimed":
            raise StetError(
                f"Cannot {route} the run {self.params}: it is {self.state}, not claimed"
            )
        try:
            self._client._connection.post(route, {**self._body, **fields})
        except StetError as error:
            # A refused request leaves the claim to be failed. Otherwise it may have arrived.
            if error.status not in (400, 422):
                self._forget("lost")
            raise
        self._forget(state)

    def _forget(self, state: str) -> None:
        self._client._renewer.remove(self._body["token"])
        self.state = state


class Client:
    """A store that a sidecar serves. Threads may share it.

    store: URL of the sidecar. token: of its `--token-file`; default: STET_TOKEN. namespace: keeps
    functions apart that share a store. lease_seconds: time after the death of this process until
    another may take its runs; claims are renewed every third of it.
    """

    def __init__(
        self,
        store: str,
        *,
        token: Optional[str] = None,
        namespace: Optional[str] = None,
        lease_seconds: float = DEFAULT_LEASE_SECONDS,
    ) -> None:
        if namespace == "":
            raise ValueError("Cannot use namespace: it is empty; leave it out or give it a name")
        if not 0 < lease_seconds <= MAX_LEASE_SECONDS:
            raise ValueError(
                f"Cannot use lease_seconds={lease_seconds}: must be 0 to {MAX_LEASE_SECONDS}"
            )
        self._connection = _Connection(store, token)
        self._renewer = _Renewer(self._connection)
        self.namespace = namespace
        self.lease_seconds = lease_seconds
        self.holder = f"python {os.getpid()} on {socket.gethostname()}"[:200]

    def claim(
        self,
        params: Mapping[str, Any],
        *,
        key: Optional[Sequence[str]] = None,
        defaults: Optional[Mapping[str, Any]] = None,
        wait: bool = True,
    ) -> Run:
        """Claims a run, for a `with` statement. Look at `run.done` first.

        params: key and other values to record. key: the params that say which run it is; default:
        all. defaults: values of params for rows from before the param existed. wait: while another
        client works on the run; False gives a run whose state is "busy".
        """
        run = Run(self, dict(params), self._fields(params, key, defaults))
        run._claim(CLAIM_WAIT_SECONDS if wait else 0)
        while wait and run.state == "busy":
            run._claim(CLAIM_WAIT_SECONDS)
        return run

    def has(
        self,
        params: Mapping[str, Any],
        *,
        key: Optional[Sequence[str]] = None,
        defaults: Optional[Mapping[str, Any]] = None,
    ) -> bool:
        """True if the run is recorded."""
        return bool(self._connection.post("has", self._fields(params, key, defaults))["has"])

    def _fields(
        self,
        params: Mapping[str, Any],
        key: Optional[Sequence[str]],
        defaults: Optional[Mapping[str, Any]],
    ) -> Params:
        row = _encode_params(params)
        if self.namespace is not None:
            row[NAMESPACE] = json.dumps(self.namespace)
        return {"params": row, **self._key_fields(key, defaults)}

    def _key_fields(
        self, key: Optional[Sequence[str]], defaults: Optional[Mapping[str, Any]]
    ) -> Params:
        fields: Params = {}
        if key is not None:
            fields["key"] = [*key, NAMESPACE]  # rows of another namespace never count
        if defaults is not None:
            fields["defaults"] = _encode_params(defaults)
        return fields

    def _find_all(self, bodies: Sequence[Params], only: str) -> Iterator[Optional[Params]]:
        """Yields the row of each run, or None: many in one request."""
        for batch in _batches(bodies):
            fields = {name: batch[0][name] for name in ("key", "defaults") if name in batch[0]}
            request: Params = {"batch": [body["params"] for body in batch], "only": only}
            request.update({**fields})
            yield from self._connection.post("find", request)["rows"]


def _batches(bodies: Sequence[Params]) -> Iterator[List[Params]]:
    batch: List[Params] = []
    size = 0
    for body in bodies:
        length = len(json.dumps(body["params"]))
        if batch and (len(batch) == MAX_BATCH or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch


class Once(Generic[P, R]):
    """A function that runs once for each key. Made by `once`."""

    def __init__(
        self,
        function: Callable[P, R],
        client: Client,
        key: Optional[Sequence[str]],
        save: bool,
        defaults: Optional[Mapping[str, Any]],
    ) -> None:
        functools.update_wrapper(self, function)
        name = getattr(function, "__qualname__", repr(function))
        kinds = (
            inspect.iscoroutinefunction,
            inspect.isgeneratorfunction,
            inspect.isasyncgenfunction,
        )
        if any(is_kind(function) for is_kind in kinds):
            raise TypeError(
                f"Cannot wrap {name}(): it is async or a generator; return a plain value"
            )
        self.function = function
        self.client = client
        self.save = save
        self._name = name
        self._defaults = defaults
        self._signature = inspect.signature(function)
        parameters = list(self._signature.parameters.values())
        self._receiver = next(
            (each.name for each in parameters[:1] if each.name in ("self", "cls")), None
        )
        if any(each.kind is each.VAR_POSITIONAL for each in parameters):
            raise TypeError(
                f"Cannot wrap {name}(): *args have no names to record; name the parameters"
            )
        self._rest = next((each.name for each in parameters if each.kind is each.VAR_KEYWORD), None)
        names = [each.name for each in parameters if each.name not in (self._receiver, self._rest)]
        for column in key or ():
            if column not in names and self._rest is None:
                raise TypeError(
                    f'Cannot wrap {name}(): key names "{column}", which is no parameter; it has {names}'
                )
        # With **kwargs, every argument is in the key.
        self._key = list(key) if key is not None else None if self._rest else names

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs the function, or returns the recorded result. Waits while another client runs it."""
        bound = functools.partial(self.function, *args, **kwargs)
        params = self._params(args, kwargs)
        with self.client.claim(params, key=self._key, defaults=self._defaults) as run:
            if run.done:
                recorded: R = run.result
                return recorded
            result = bound()
            run.record(result if self.save else None)
            return result

    def has(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """True if a call is recorded."""
        params = self._params(args, kwargs)
        return self.client.has(params, key=self._key, defaults=self._defaults)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        return self._name  # by name, for worker processes

    def _params(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Params:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        params = dict(bound.arguments)
        params.update(params.pop(self._rest, {}) if self._rest else {})
        params.pop(self._receiver or "", None)
        return params if self._key is None else {k: params[k] for k in self._key if k in params}


@overload
def once(
    function: None = None,
    *,
    store: Union[str, Client],
    key: Optional[Sequence[str]] = None,
    save: bool = True,
    defaults: Optional[Mapping[str, Any]] = None,
    namespace: Optional[str] = None,
    token: Optional[str] = None,
    lease_seconds: float = DEFAULT_LEASE_SECONDS,
) -> Callable[[Callable[P, R]], Once[P, R]]: ...


@overload
def once(
    function: Callable[P, R],
    *,
    store: Union[str, Client],
    key: Optional[Sequence[str]] = None,
    save: bool = True,
    defaults: Optional[Mapping[str, Any]] = None,
    namespace: Optional[str] = None,
    token: Optional[str] = None,
    lease_seconds: float = DEFAULT_LEASE_SECONDS,
) -> Once[P, R]: ...


def once(
    function: Optional[Callable[..., Any]] = None,
    *,
    store: Union[str, Client],
    key: Optional[Sequence[str]] = None,
    save: bool = True,
    defaults: Optional[Mapping[str, Any]] = None,
    namespace: Optional[str] = None,
    token: Optional[str] = None,
    lease_seconds: float = DEFAULT_LEASE_SECONDS,
) -> Any:
    """Decorates a function: each combination of its arguments runs once, in all processes together.

    store: URL of a sidecar, or a Client, which then has namespace, token and lease_seconds. key: the
    parameters that say which run it is; default: all. save: keep what the function returns, and
    return it from skipped calls.
    """
    if isinstance(key, str):
        raise TypeError(f'Cannot use key="{key}": must be a list of names; write key=["{key}"]')
    client = (
        store
        if isinstance(store, Client)
        else Client(store, token=token, namespace=namespace, lease_seconds=lease_seconds)
    )
    if function is None:
        return lambda wrapped: Once(wrapped, client, key, save, defaults)
    return Once(function, client, key, save, defaults)


def sweep(
    function: Once[Any, Any],
    grid: Union[Mapping[str, Iterable[Any]], Iterable[Mapping[str, Any]]],
    *,
    concurrency: Optional[int] = None,
    processes: bool = False,
) -> List[Outcome]:
    """Runs what is not done of a grid; returns one outcome for each run, in the order of the grid.

    Every process that sweeps the same store takes part. It returns when every run is done or has
    failed, runs of other processes included. An interrupt finishes and records the runs under way.

    grid: `{"alpha": [0.1, 0.5], "seed": range(10)}` for every combination, or params, read lazily.
    concurrency: runs at a time; default: the number of processors. processes: run the function in
    worker processes, for functions that compute. The program then needs
    `if __name__ == "__main__":`. A worker that dies fails its run only.

    Raises SweepError at the end if runs failed. It has all outcomes.
    """
    if not isinstance(function, Once):
        raise TypeError("Cannot sweep: the function must be wrapped: @once(store=…)")
    count = os.cpu_count() or 1 if concurrency is None else concurrency
    if count < 1:
        raise ValueError(f"Cannot sweep: concurrency is {count}; must be at least 1")
    if isinstance(grid, Mapping):
        axes = [list(values) for values in grid.values()]
        params = (dict(zip(grid, values)) for values in itertools.product(*axes))
        return _Sweep(function, params, processes).run(count)
    return _Sweep(function, map(dict, grid), processes).run(count)


class _Sweep:
    """The state of a sweep, which its threads share."""

    def __init__(self, function: Once[Any, Any], grid: Iterator[Params], processes: bool) -> None:
        self._once = function
        self._grid = enumerate(grid)
        self._processes = processes
        self._lock = threading.Lock()
        self._ready: Deque[Tuple[int, Params]] = deque()
        self._busy: Deque[Tuple[int, Params]] = deque()
        self._outcomes: Dict[int, Outcome] = {}
        self._stopped = False
        self._error: Optional[BaseException] = None

    def run(self, count: int) -> List[Outcome]:
        # Daemons: a second interrupt ends the program.
        ends = [threading.Event() for _ in range(count)]
        for i, end in enumerate(ends):
            threading.Thread(
                target=self._work, args=(end,), name=f"stet-{i}", daemon=True
            ).start()
        try:
            _wait(ends)
        except KeyboardInterrupt:
            self._stopped = True
            print("[stet] finishing the runs under way; start again to resume", file=sys.stderr)
            _wait(ends)
            raise
        if self._error is not None:
            raise self._error
        outcomes = [self._outcomes[i] for i in range(len(self._outcomes))]
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        if failed:
            first = failed[0]
            raise SweepError(
                f"{len(failed)} of {len(outcomes)} runs failed, the first with {first.params}: "
                f"{first.error!r}; start again to retry",
                outcomes,
            ) from first.error
        return outcomes

    def _work(self, end: threading.Event) -> None:
        worker = _Worker(self._once) if self._processes else None
        call = worker.call if worker else lambda params: self._once.function(**params)
        try:
            while True:
                job = self._next()
                if job is None:
                    return
                self._run(*job, call)
        except BaseException as error:  # raised by the thread of the sweep
            with self._lock:
                self._stopped = True
                self._error = self._error or error
        finally:
            if worker:
                worker.close()
            end.set()

    def _next(self) -> Optional[Tuple[int, Params, float]]:
        """Returns the next run, and how long its claim waits while it is busy."""
        with self._lock:
            while not self._stopped:
                if self._ready:
                    return (*self._ready.popleft(), 0)
                if not self._look_ahead():
                    break
            if self._stopped or not self._busy:
                return None
            return (*self._busy.popleft(), SWEEP_WAIT_SECONDS)

    def _look_ahead(self) -> bool:
        """Takes the next part of the grid; only runs that are not done become ready. False at its end."""
        part = list(itertools.islice(self._grid, MAX_BATCH))
        once = self._once
        bodies = [self._body(params) for _, params in part]
        rows = once.client._find_all(bodies, "result" if once.save else "source")
        for (i, params), row in zip(part, rows):
            if row is None:
                self._ready.append((i, params))
            else:
                self._outcomes[i] = Outcome(params, "skipped", _result_of(row))
        return len(part) > 0

    def _body(self, params: Params) -> Params:
        once = self._once
        return once.client._fields(once._params((), params), once._key, once._defaults)

    def _run(
        self, i: int, params: Params, wait_seconds: float, call: Callable[[Params], Any]
    ) -> None:
        run = Run(self._once.client, params, self._body(params))
        run._claim(wait_seconds)
        if run.state == "busy":
            with self._lock:
                self._busy.append((i, params))
            return
        if run.done:
            outcome = Outcome(params, "skipped", run.result)
        else:
            try:
                with run:
                    result = call(params)
                    run.record(result if self._once.save else None)
                outcome = Outcome(params, "ran", result)
            except Exception as error:
                outcome = Outcome(params, "failed", None, error)
        with self._lock:
            self._outcomes[i] = outcome


def _wait(ends: Sequence[threading.Event]) -> None:
    # Not Thread.join: interrupted, it takes a running thread for ended before Python 3.13.
    for end in ends:
        while not end.wait(0.2):  # with a time, or Windows takes no interrupt
            pass


class _Worker:
    """A process that calls the function. One that died is replaced at the next call."""

    def __init__(self, function: Once[Any, Any]) -> None:
        self._once = function
        methods = multiprocessing.get_all_start_methods()
        # Not "fork": a forked thread may hold a lock.
        method = "forkserver" if "forkserver" in methods else "spawn"
        self._context = multiprocessing.get_context(method)
        self._pool: Optional[concurrent.futures.ProcessPoolExecutor] = None

    def call(self, params: Params) -> Any:
        if self._pool is None:
            self._pool = concurrent.futures.ProcessPoolExecutor(
                1, self._context, initializer=_begin_worker, initargs=(os.getpid(),)
            )
        try:
            return self._pool.submit(_call, self._once, params).result()
        except BrokenProcessPool as error:
            self.close()
            raise RuntimeError("the worker process died") from error

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def _call(function: Once[Any, Any], params: Params) -> Any:
    return function.function(**params)


def _begin_worker(owner: int) -> None:
    """Ends this process with its owner, also when that is killed."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner finishes the run first
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait_for_sentinels([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, name="stet-parent", daemon=True).start()
