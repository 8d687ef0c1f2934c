import type { TableColumns, TableType } from "../../core/contract/records_backend.ts";
import { FormatError, StoreError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { type Row, setEntry, type Value } from "../../core/values/value.ts";

/** Content of a column of a table of records: a param, or (`created`) the time at which the record was made. */
export type RecordKind =
  | "integer"
  | "real"
  | "number"
  | "text"
  | "boolean"
  | "json"
  | "time"
  | "date"
  | "created";

/** A column of a table of records. */
export interface RecordColumn {
  readonly name: string;
  readonly kind: RecordKind;
  readonly isNullable: boolean;
  /** True if the table has a default. */
  readonly hasDefault?: boolean;
}

/** The columns of every table of records after those of the params, as SQLAlchemy makes them. */
export const OWN_COLUMNS: readonly RecordColumn[] = [
  { name: "id", kind: "text", isNullable: false },
  { name: "result_file", kind: "text", isNullable: false },
  { name: "created_at", kind: "created", isNullable: false },
  { name: "custom_data", kind: "json", isNullable: false },
];

/** Returns the column of a declared type. */
export function declaredColumn(name: string, type: TableType): RecordColumn {
  return {
    name,
    kind: type.replace("?", "") as RecordKind,
    isNullable: type.endsWith("?"),
  };
}

/** Returns the declared type of a param's column. One that may be left out may be null. */
export function typeOf({ kind, isNullable, hasDefault }: RecordColumn): TableType {
  const type = kind === "created" ? "time" : kind;
  return isNullable || hasDefault ? `${type}?` : type;
}

/** Returns the column that is made for a value: JSON if the value does not tell. It may be null. */
export function inferredColumn(name: string, value: Value): RecordColumn {
  const kind = typeof value === "string"
    ? "text"
    : typeof value === "boolean"
    ? "boolean"
    : typeof value === "object"
    ? "json"
    : "number";
  return { name, kind, isNullable: true };
}

/** Returns the kind of a column by the name of its type, also in tables of other programs. */
export function kindOf(sqlType: string): RecordKind {
  const type = sqlType.toUpperCase();
  if (/BOOL/.test(type)) return "boolean";
  if (/JSON/.test(type)) return "json";
  if (/DATETIME|TIMESTAMP/.test(type)) return "time";
  if (type === "DATE") return "date";
  if (/INT/.test(type)) return "integer";
  if (/REAL|FLOA|DOUB/.test(type)) return "real";
  if (/NUMERIC|DEC/.test(type)) return "number";
  return "text";
}

/** The columns of a table by their names; none while there is no table. */
export type RecordColumns<C extends RecordColumn = RecordColumn> = ReadonlyMap<string, C>;

/** Returns the columns of params. */
export function paramColumns<C extends RecordColumn>(columns: RecordColumns<C>): C[] {
  return [...columns.values()].filter(isOfParam);
}

/** Returns the columns of params that are made for a row. */
export function inferredColumns(row: Row): RecordColumn[] {
  return Object.entries(row).map(([name, value]) => inferredColumn(name, value)).filter(isOfParam);
}

function isOfParam({ name }: RecordColumn): boolean {
  return OWN_COLUMNS.every((own) => own.name !== name);
}

/** Returns the types of the params' columns; undefined if there is no table. */
export function typesOf(columns: RecordColumns): TableColumns | undefined {
  if (columns.size === 0) return undefined;
  const types: Record<string, TableType> = {};
  for (const column of paramColumns(columns)) setEntry(types, column.name, typeOf(column));
  return types;
}

/**
 * Checks that a key is that of a record: one of `once` names none.
 *
 * @param title The table in messages.
 */
export function checkRecordKey({ shape }: Key, title: string): void {
  if (shape.columns?.join() === "id") return;
  throw new StoreError(
    `Cannot run on ${title}: it holds the records of a Store; use that, or choose another table`,
  );
}

/** Checks that columns that may not be null have a value in a key. */
export function checkRequired(columns: RecordColumns, { values }: Key, title: string): void {
  if (Object.keys(values).every((name) => name === "id")) return; // no run follows
  for (const column of paramColumns(columns)) {
    const { name, isNullable, hasDefault } = column;
    if (isNullable || hasDefault || (values[name] ?? null) !== null) continue;
    throw new TypeError(
      `Cannot record in ${title} without "${name}": its column is "${
        typeOf(column)
      }", may not be ` +
        `null, and has no default in the database, though Python's model may have one; give it`,
    );
  }
}

/**
 * Returns a row's value as it is bound to its column.
 *
 * @throws {StoreError} If there is no such column. @throws {TypeError} If the column cannot hold it.
 */
export function boundCell<T>(
  columns: RecordColumns,
  name: string,
  row: Row,
  toColumn: (value: Value | undefined, kind: RecordKind) => T | undefined,
  title: string,
): T {
  const column = columns.get(name);
  if (!column) {
    throw new StoreError(
      `Cannot record in ${title}: it has no column "${name}", only ${
        [...columns.keys()].join(", ")
      }`,
    );
  }
  const bound = toColumn(row[name], column.kind);
  if (bound !== undefined) return bound;
  throw new TypeError(
    `Cannot record in ${title}: its column "${name}" (${typeOf(column)}) cannot hold ` +
      `${String(row[name])}`,
  );
}

/**
 * Checks that a table is one of records, and has the columns that were declared.
 *
 * @throws {StoreError} If not.
 */
export function checkRecordColumns(
  columns: RecordColumns,
  declared: readonly RecordColumn[] | undefined,
  title: string,
): void {
  const own = OWN_COLUMNS.find(({ name }) => !columns.has(name));
  if (own) {
    throw new FormatError(
      `Cannot use ${title} for records: it has no column "${own.name}"; choose another table`,
    );
  }
  if (!declared) return;
  const refusal = (state: string): StoreError =>
    new StoreError(`Cannot use ${title}: ${state}, or choose another table`);
  const byName = new Map(declared.map((column) => [column.name, column]));
  for (const column of paramColumns(columns)) {
    const { name } = column;
    const type = typeOf(column);
    const wanted = byName.get(name);
    if (!wanted) {
      throw refusal(
        `it has a column "${name}", which is not among the columns declared; add ${name}: "${type}"`,
      );
    }
    const isSameKind = wanted.kind === column.kind ||
      (column.kind === "number" && /integer|real/.test(wanted.kind)) ||
      (/^(?:time|date)$/.test(column.kind) && wanted.kind === "text");
    // One that is declared as nullable may be left out where Python's model has a default for it.
    if (isSameKind && (wanted.isNullable || !column.isNullable)) continue;
    throw refusal(
      `its column "${name}" is "${type}", and "${typeOf(wanted)}" is declared; declare "${type}"`,
    );
  }
  const missing = declared.find(({ name }) => !columns.has(name));
  if (missing) {
    throw refusal(
      `it has no column "${missing.name}", which is declared; leave it out, add it to the table`,
    );
  }
}
