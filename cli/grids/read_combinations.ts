import fs from "node:fs";
import { argumentText } from "../../core/values/argument_text.ts";
import { isReserved } from "../../core/values/columns.ts";
import { messageOf } from "../../core/errors.ts";
import { foreignReader } from "../../core/tools/foreign_rows.ts";
import type { Factor } from "../../core/grids/grid.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { withStore } from "../../core/contract/open_existing.ts";
import type { Row } from "../../core/values/value.ts";
import { UsageError } from "../usage_error.ts";
import { registry } from "../registry.ts";
import type { TextKinds } from "./text_kinds.ts";

/**
 * Reads the combinations in a file: a store of any kind, or a CSV, JSON array or JSON Lines without
 * stet's columns. Columns of results and of stet's own are left out, and so are combinations that
 * come twice.
 *
 * @param note Gets a line about each column of text that may have been meant as numbers.
 * @param shown Name of the file in errors.
 * @throws {UsageError} If it cannot be read or there are none.
 */
export async function readCombinations(
  file: string,
  kinds: TextKinds,
  note: (line: string | undefined) => void,
  shown = file,
): Promise<Factor> {
  const parts: Row[] = [];
  let isText = false;
  const seen = new Set<string>();
  const spelled = new Map<number, Readonly<Record<string, string>>>();
  const shape = keyShape(undefined);
  try {
    await withStore(registry, file, {}, async (backend) => {
      const rows = await foreignReader(backend, {
        kindOf: kinds.of,
        onText: (name, column) =>
          isReserved(name) ? undefined : note(column.note(name, `--number ${name}`)),
      });
      for await (const { row, texts } of rows()) {
        const params = Object.fromEntries(
          Object.entries(row).filter(([name]) => !isReserved(name)),
        );
        const { text } = keyOf(shape, params);
        if (text === "" || seen.has(text)) continue;
        seen.add(text);
        isText = texts !== undefined;
        const written = texts ? respelled(params, texts) : {};
        if (Object.keys(written).length > 0) spelled.set(parts.length, written);
        parts.push(params);
      }
    });
  } catch (error) {
    const isMissing = !file.includes("://") && !fs.existsSync(file);
    throw new UsageError(
      `cannot read the combinations of -g ${shown} (${
        isMissing ? "there is no such file" : messageOf(error).replaceAll(file, shown)
      }); for the values of a param write name=values`,
      { cause: error },
    );
  }
  if (parts.length === 0) {
    throw new UsageError(`-g ${shown} has no combinations; it needs a row for each`);
  }
  const names = [...new Set(parts.flatMap((part) => Object.keys(part)))];
  return { names, parts, spelled, open: isText ? names.filter((name) => !kinds.of(name)) : [] };
}

/** Returns the texts that differ from what a program would get for the value. */
function respelled(
  params: Row,
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const found = Object.entries(params).flatMap(([name, value]) => {
    const text = texts[name]!.trim();
    return typeof value === "string" || argumentText(value) === text ? [] : [[name, text] as const];
  });
  return Object.fromEntries(found);
}
