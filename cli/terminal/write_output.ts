import process from "node:process";
import { StoreError } from "../../core/errors.ts";

/**
 * Writes pieces to standard output, each once the one before is out, so that they do not pile up. Ends
 * early and quietly when nobody reads any more, as after `| head`.
 *
 * @throws {StoreError} If it cannot be written.
 */
export async function writeOutput(
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const { stdout } = process;
  let failure: (Error & { readonly code?: unknown }) | undefined;
  const fail = (error: Error): void => void (failure ??= error);
  stdout.on("error", fail);
  try {
    for await (const piece of pieces) {
      await new Promise<void>((resolve) => {
        stdout.write(piece, (error) => {
          if (error) fail(error);
          resolve();
        });
      });
      if (failure) break;
    }
    if (failure && failure.code !== "EPIPE") {
      throw new StoreError(`Cannot write to standard output: ${failure.message}`, {
        cause: failure,
      });
    }
  } finally {
    if (!failure) stdout.off("error", fail); // else the event may be still to come
  }
}
