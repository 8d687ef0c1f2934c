import fs from "node:fs";
import process from "node:process";
import { messageOf, StoreError } from "../../core/errors.ts";

type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Writes pieces to a file, or to standard output: each once the one before is out, for backpressure. Ends
 * early and quietly when the reader of standard output is gone, as after `| head`.
 *
 * @throws {StoreError} If it cannot be written.
 */
export async function writeOutput(pieces: Pieces, file?: string): Promise<void> {
  if (file === undefined) return await writeStdout(pieces);
  const fd = writing(file, () => fs.openSync(file, "w"));
  try {
    for await (const piece of pieces) writing(file, () => fs.writeFileSync(fd, piece));
  } finally {
    fs.closeSync(fd);
  }
}

function writing<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new StoreError(`Cannot write "${file}": ${messageOf(error)}`, { cause: error });
  }
}

async function writeStdout(pieces: Pieces): Promise<void> {
  const { stdout } = process;
  let failure: NodeJS.ErrnoException | undefined;
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
