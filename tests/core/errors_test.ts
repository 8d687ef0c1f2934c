import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { isErrorLike, messageOf, nameOf, stackOf } from "../../core/errors.ts";
import { receiveError, sendError } from "../../executors/sent_error.ts";
import { httpRetry } from "../../mod.ts";
import { problemOf } from "../../server/routes/problem.ts";

const foreign: unknown = vm.runInNewContext(`
  Object.assign(new TypeError("boom", { cause: new RangeError("below") }), { code: "E_BOOM" })
`);

test("an error of another realm keeps its message, name and stack", () => {
  assert(!(foreign instanceof Error), "it is of another realm");
  assert(isErrorLike(foreign));
  assert.equal(messageOf(foreign), "boom");
  assert.equal(nameOf(foreign), "TypeError");
  assert.match(stackOf(foreign), /TypeError: boom/);
});

test("an error of another realm is sent to another process as one of this realm", () => {
  const received = receiveError(structuredClone(sendError(foreign))) as Error;
  assert(received instanceof TypeError);
  assert.equal(received.message, "boom");
  assert.equal(received.stack, stackOf(foreign));
  assert.equal((received as { code?: unknown }).code, "E_BOOM");
  assert.equal(messageOf(received.cause), "below");
});

test("the answer of a service reaches another process with its status and headers", () => {
  const headers = { "retry-after": "3" };
  const response = new Response("too fast", { status: 429, headers });
  const client = { status: 429, headers, request: () => {} };
  const errors = [
    response,
    new Error("no", { cause: response }),
    Object.assign(new Error("no"), { response: client }),
    Object.assign(new Error("no"), { status: 429, headers: new Headers(headers) }),
  ];
  for (const error of errors) {
    assert.equal(httpRetry(receiveError(structuredClone(sendError(error))), 1), 3000);
  }
});

test("the sidecar reports an error of another realm with its stack", () => {
  const lines: string[] = [];
  problemOf(foreign, (line) => lines.push(line));
  assert.match(lines.join(), /TypeError: boom\n/);
});

test("whatever was thrown has a message", () => {
  const thrown: readonly (readonly [unknown, string | RegExp])[] = [
    ["no luck", "no luck"],
    [undefined, "undefined"],
    [{ message: "no luck" }, "no luck"],
    [Object.create(null), /no text/],
    [{
      get message(): string {
        throw new Error("no message");
      },
      toString: () => "itself",
    }, "itself"],
  ];
  for (const [each, message] of thrown) {
    if (typeof message === "string") assert.equal(messageOf(each), message);
    else assert.match(messageOf(each), message);
    assert.equal(stackOf(each), "");
  }
});
