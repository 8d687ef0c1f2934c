import { Buffer, isUtf8 } from "node:buffer";
import { messageOf } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import type { Value } from "../../core/values/value.ts";
import { invalidRequest, ProblemError } from "./problem.ts";

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** The maximum depth of nested arrays and objects. */
const MAX_DEPTH = 64;
/** The maximum time for a body to arrive, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Returns the JSON of a body: `Content-Type: application/json`, UTF-8, not too large, not too slow. */
export async function readJson(request: Request): Promise<Value> {
  checkType(request, /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i, "application/json");
  return parseBody(await readText(request));
}

/** Returns the text of a body: UTF-8, not too large, not too slow. */
export async function readText(request: Request): Promise<string> {
  const length = Number(request.headers.get("content-length") ?? NaN);
  if (length > MAX_BODY_BYTES) throw tooLarge();
  // The server enforces a declared length; else the bytes are counted as they arrive.
  const bytes = await inTime(
    Number.isNaN(length)
      ? readAll(request)
      : request.arrayBuffer().then((it) => new Uint8Array(it)),
  );
  if (!isUtf8(bytes)) throw invalidRequest([{ path: "", message: "the body is not UTF-8" }]);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/** Parses a JSON text of a client. @param path Its place in errors. */
export function parseBody(text: string, path = ""): Value {
  try {
    return parseJson(text, MAX_DEPTH);
  } catch (error) {
    throw invalidRequest([{ path, message: messageOf(error) }]);
  }
}

/** Checks the type of a body. @throws {ProblemError} If it is another. */
export function checkType(request: Request, wanted: RegExp, name: string): void {
  const type = request.headers.get("content-type") ?? "";
  if (wanted.test(type)) return;
  throw new ProblemError(415, `Send Content-Type: ${name}, not ${type === "" ? "none" : type}`);
}

async function readAll(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): ProblemError {
  return new ProblemError(
    413,
    `A body may have ${MAX_BODY_BYTES} bytes at most; send less at a time`,
  );
}

/** Rejects if a body does not arrive in time. */
async function inTime<T>(body: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new ProblemError(408, `The body did not arrive within ${TIMEOUT_MS / 1000} s`, {
        headers: { connection: "close" },
      }),
    );
  }, TIMEOUT_MS);
  try {
    return await Promise.race([body, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
