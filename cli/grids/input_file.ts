import fs from "node:fs";
import path from "node:path";
import { TemporaryFolder } from "../../core/runtime/temporary_folder.ts";
import { readText } from "../../core/values/text_value.ts";
import { UsageError } from "../usage_error.ts";

/**
 * Runs a body with standard input as a file: of JSON Lines or a JSON array if it begins as one, else a CSV.
 *
 * @throws {UsageError} If it is lines without a name.
 */
export async function withInputFile<T>(
  input: string,
  body: (file: string) => Promise<T>,
): Promise<T> {
  const [start = ""] = input.trimStart();
  const extension = start === "{" ? "jsonl" : start === "[" ? "json" : "csv";
  if (extension === "csv") checkHeader(input);
  const folder = new TemporaryFolder("stet-grid-");
  try {
    const file = path.join(folder.path, `input.${extension}`);
    fs.writeFileSync(file, input);
    return await body(file);
  } finally {
    folder.remove();
  }
}

/** Checks that the first line of a CSV names its columns: the first of many lines would be lost. */
function checkHeader(input: string): void {
  const [header = ""] = input.trimStart().split(/\r?\n/, 1);
  const isName = /^[\p{L}_][^/\\.,]*$/u.test(header) && typeof readText(header) === "string";
  if (header === "" || header.includes(",") || isName) return;
  throw new UsageError(
    `-g - reads JSON Lines or a CSV, and the first line, "${header}", names no column; for lines, name ` +
      "their param: -g name=@-",
  );
}
