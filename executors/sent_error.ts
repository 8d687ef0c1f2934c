import { isErrorLike, messageOf } from "../core/errors.ts";
import { isSendable } from "./check_sendable.ts";

/** A thrown value in a form that can be sent to another process. */
export type SentError =
  | { readonly thrown: unknown }
  | {
    readonly name: string;
    readonly message: string;
    readonly stack: string;
    readonly cause?: SentError;
    /** Its own fields, such as `code`. */
    readonly fields: Readonly<Record<string, unknown>>;
  };

/** Classes of errors that are restored; others come back as Error, with their name. */
const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** Maximum depth of causes: they may form a circle. */
const MAX_CAUSES = 10;

/**
 * Returns the form of a thrown value for sending: of an error its name, message, stack, cause and the own
 * fields that can be sent. Of the answer of a service, such as a `Response`, those are its status and headers.
 */
export function sendError(error: unknown, depth = 0): SentError {
  if (!isErrorLike(error)) {
    const thrown = sendablePart(error);
    return { thrown: isSendable(thrown) ? thrown : messageOf(error) };
  }
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(error)) {
    const part = sendablePart(value);
    if (name !== "name" && name !== "cause" && isSendable(part)) fields[name] = part;
  }
  const { name, message, stack, cause } = error;
  return {
    name: String(name),
    message: String(message),
    stack: String(stack ?? ""),
    ...cause !== undefined && depth < MAX_CAUSES && { cause: sendError(cause, depth + 1) },
    fields,
  };
}

/** Returns the sendable part of headers and of an answer of a service, and anything else as it is. */
function sendablePart(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isSendable(value)) return value;
  if (value instanceof Headers) return Object.fromEntries(value);
  const { status, statusCode, statusText, headers } = value as Readonly<Record<string, unknown>>;
  if (typeof status !== "number" && typeof statusCode !== "number") return value;
  const parts = { status, statusCode, statusText, headers: sendablePart(headers) };
  return Object.fromEntries(
    Object.entries(parts).filter(([, part]) => part !== undefined && isSendable(part)),
  );
}

/** Restores a thrown value. */
export function receiveError(sent: SentError): unknown {
  if ("thrown" in sent) return sent.thrown;
  const { name, message, stack, cause, fields } = sent;
  const error = new (Object.hasOwn(CLASSES, name) ? CLASSES[name]! : Error)(message);
  const hidden = { name, stack, ...cause && { cause: receiveError(cause) } };
  for (const [field, value] of Object.entries(hidden)) {
    Object.defineProperty(error, field, { value, writable: true, configurable: true });
  }
  return Object.assign(error, fields);
}
