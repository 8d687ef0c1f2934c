import fs from "node:fs";
import { canonicalJson, parseJson } from "../values/json.ts";
import { isReservedParam } from "../values/record_names.ts";
import { isPlainObject, type Row, setEntry, type Value } from "../values/value.ts";

/** A note of a run in the results folder. */
export interface ResultNote {
  readonly id: string;
  readonly params: Row;
  readonly resultFile: string;
  readonly customData: Row;
}

/**
 * Writes a note of a run, whole or not at all: JSON as Python's entropic writes it, the params with `id`,
 * `result_file` and `custom_data` among them (`_run` in its `store.py`).
 *
 * @param unfinished Path at which it is written first.
 */
export function writeNote(
  file: string,
  unfinished: string,
  { id, params, resultFile, customData }: ResultNote,
  isSynced: boolean,
): void {
  const descriptor = fs.openSync(unfinished, "w");
  try {
    const entries = { ...params, id, result_file: resultFile, custom_data: customData };
    fs.writeFileSync(descriptor, canonicalJson(entries));
    if (isSynced) fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
  fs.renameSync(unfinished, file);
}

/**
 * Returns the note in a file, of any program.
 *
 * @throws {Error} If the file is no note.
 */
export function readNote(file: string): ResultNote {
  const note = parseJson(fs.readFileSync(file, "utf8"));
  if (!isPlainObject(note)) throw new SyntaxError("it holds no JSON object");
  const { id, result_file: resultFile, custom_data: customData = {} } = note;
  if (typeof id !== "string" || id === "") throw new SyntaxError(`its "id" is no text`);
  if (typeof resultFile !== "string") throw new SyntaxError(`its "result_file" is no text`);
  if (!isPlainObject(customData)) throw new SyntaxError(`its "custom_data" is no object`);
  const params: Row = {};
  for (const [name, value] of Object.entries(note)) {
    if (!isReservedParam(name)) setEntry(params, name, value as Value);
  }
  return { id, params, resultFile, customData: customData as Row };
}
