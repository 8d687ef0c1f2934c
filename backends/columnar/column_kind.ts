/**
 * The type of a column in a columnar file: integers within int64, numbers, booleans, or cell text, which
 * spells values of any kind. An absent value is NULL in all of them; null is cell text (`None`).
 */
export type ColumnKind = "integer" | "double" | "boolean" | "text";

/** The kind of a column; `isLong` if it has integers that a double does not keep. */
export interface SeenKind {
  readonly kind: ColumnKind;
  readonly isLong: boolean;
}

/** Integers that doubles keep, and with others too; and the other kinds. */
export const INTEGER: SeenKind = { kind: "integer", isLong: false };
export const LONG: SeenKind = { kind: "integer", isLong: true };
export const DOUBLE: SeenKind = { kind: "double", isLong: false };
export const BOOLEAN: SeenKind = { kind: "boolean", isLong: false };
export const TEXT: SeenKind = { kind: "text", isLong: false };

/** The kinds of columns that a file has, before their values are read. */
export const KINDS: Readonly<Record<ColumnKind, SeenKind>> = {
  integer: INTEGER,
  double: DOUBLE,
  boolean: BOOLEAN,
  text: TEXT,
};

/** Returns the kind of a column that has the values of two. */
export function joinKinds(a: SeenKind | undefined, b: SeenKind): SeenKind {
  if (a === b || a === undefined) return b;
  const isLong = a.isLong || b.isLong;
  if (a.kind === "text" || b.kind === "text") return TEXT;
  if (a.kind === b.kind) return isLong ? LONG : b;
  return a.kind !== "boolean" && b.kind !== "boolean" && !isLong ? DOUBLE : TEXT;
}
