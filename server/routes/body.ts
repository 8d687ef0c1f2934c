import { Buffer, isUtf8 } from "node:buffer";
import { messageOf } from "../../core/errors.ts";
import { parseJson } from "../../core/values/json.ts";
import type { Value } from "../../core/values/value.ts";
import { invalidRequest, ProblemError } from "./problem.ts";

/** The most bytes of a JSON body. */
export const MOST_BYTES = 8 * 1024 * 1024;
/** The most levels of arrays and objects in one another. */
const MOST_LEVELS = 64;
/** How long a body may take to arrive, in milliseconds. */
const PATIENCE = 10_000;

/** The JSON of a request's body: `Content-Type: application/json`, UTF-8, not too large, not too slow. */
export async function readJson(request: Request): Promise<Value> {
  checkType(request, /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i, "application/json");
  return parseBody(await readText(request));
}

/** The text of a request's body: UTF-8, not too large, not too slow. */
export async function readText(request: Request): Promise<string> {
  const length = Number(request.headers.get("content-length") ?? NaN);
  if (length > MOST_BYTES) throw tooLarge();
  // A length that was told is kept to by the server; else the bytes are counted as they come.
  const bytes = await inTime(
    Number.isNaN(length)
      ? readAll(request)
      : request.arrayBuffer().then((it) => new Uint8Array(it)),
  );
  if (!isUtf8(bytes)) throw invalidRequest([{ path: "", message: "the body is not UTF-8" }]);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/**
 * The value of a JSON text that a client sent.
 *
 * @param path What to call it in errors.
 */
export function parseBody(text: string, path = ""): Value {
  try {
    return parseJson(text, MOST_LEVELS);
  } catch (error) {
    throw invalidRequest([{ path, message: messageOf(error) }]);
  }
}

/** @throws {ProblemError} If the request's content is of another type. */
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
    if (size > MOST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): ProblemError {
  return new ProblemError(413, `A body may have ${MOST_BYTES} bytes at most; send less at a time`);
}

/** Bodies that are being read, and what ends the wait for each. One timer for all. */
const reading = new Set<{ readonly end: number; readonly late: (error: ProblemError) => void }>();
let timer: ReturnType<typeof setInterval> | undefined;

function inTime<T>(body: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const entry = { end: performance.now() + PATIENCE, late: reject };
    reading.add(entry);
    timer ??= setInterval(endLate, 1000);
    body.then((value) => {
      reading.delete(entry);
      resolve(value);
    }, (error) => {
      reading.delete(entry);
      reject(error);
    });
  });
}

function endLate(): void {
  const now = performance.now();
  for (const entry of reading) {
    if (entry.end >= now) continue;
    reading.delete(entry);
    entry.late(
      new ProblemError(408, `The body did not arrive within ${PATIENCE / 1000} s`, {
        headers: { connection: "close" },
      }),
    );
  }
  if (reading.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}
