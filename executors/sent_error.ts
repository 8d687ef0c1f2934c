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
 * fields that can be sent.
 */
export function sendError(error: unknown, depth = 0): SentError {
  if (!isErrorLike(error)) return { thrown: isSendable(error) ? error : messageOf(error) };
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(error)) {
    if (name !== "name" && name !== "cause" && isSendable(value)) fields[name] = value;
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
