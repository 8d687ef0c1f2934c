import fs from "node:fs";
import path from "node:path";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { TemporaryFolder } from "../../core/runtime/temporary_folder.ts";
import type { Selected } from "../../core/tools/select_rows.ts";
import { openBackend } from "../../mod.ts";

/**
 * Returns rows as a Parquet file, piece by piece. It is made in the folder for temporary files, and removed once
 * it is read.
 *
 * @throws {MissingPackageError} If DuckDB is not installed.
 */
export async function* rowsParquet({ columns, rows }: Selected): AsyncGenerator<Uint8Array> {
  const folder = new TemporaryFolder("stet-download-");
  try {
    const file = path.join(folder.path, "runs.parquet");
    const target = engineOf(await openBackend(file, { durability: "process" }));
    await closeAfter(() => target.recordAll(rows(), { columns }), () => target.close());
    if (!fs.existsSync(file)) return;
    for await (const piece of fs.createReadStream(file)) yield piece as Uint8Array;
  } finally {
    folder.remove();
  }
}
