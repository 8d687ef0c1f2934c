import { sqlName } from "../duckdb/sql_text.ts";

/** A column of the store, and the SQL of its value. */
export interface ViewColumn {
  readonly name: string;
  readonly value: string;
}

/**
 * Returns the statement that makes the view `runs`: a column for each of the store's, saved results as
 * fields of the struct `result`. A store with whole results and results in fields has the whole ones in
 * the field `result` of it.
 *
 * SQL does not tell capitals from small letters in names: of two that differ so only, the second gets
 * a number (`Alpha`, `alpha_1`).
 */
export function runsView(columns: readonly ViewColumn[], from: string): string {
  const fields: ViewColumn[] = [];
  const plain: ViewColumn[] = [];
  for (const { name, value } of columns) {
    if (name.startsWith("result.")) fields.push({ name: name.slice("result.".length), value });
    else plain.push({ name, value });
  }
  if (fields.length > 0) {
    const at = plain.findIndex(({ name }) => name === "result");
    if (at !== -1) fields.push(...plain.splice(at, 1));
    const pack = named(fields).map(({ name, value }) => `${sqlName(name)} := ${value}`);
    // Before stet's own columns, as in the store.
    const own = plain.findIndex(({ name }) => name.startsWith("_stet_"));
    plain.splice(own === -1 ? plain.length : own, 0, {
      name: "result",
      value: `struct_pack(${pack.join(", ")})`,
    });
  }
  const selected = named(plain).map(({ name, value }) => `${value} AS ${sqlName(name)}`);
  return `CREATE OR REPLACE TEMP VIEW runs AS SELECT ${
    selected.join(", ") || "NULL AS _stet_nothing"
  } FROM ${from}`;
}

function named(columns: readonly ViewColumn[]): ViewColumn[] {
  const taken = new Set<string>();
  return columns.map(({ name, value }) => {
    const base = name || "_";
    let unique = base;
    for (let i = 1; taken.has(unique.toLowerCase()); i++) unique = `${base}_${i}`;
    taken.add(unique.toLowerCase());
    return { name: unique, value };
  });
}
