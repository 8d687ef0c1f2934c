/** Columns of the store that a statement may need. */
export interface Mentioned {
  /** True if it may need a column. */
  has(column: string): boolean;
  /**
   * Names that may be columns in it, in lower case: a column of another name makes no difference.
   * Undefined if any may be.
   */
  readonly references: ReadonlySet<string> | undefined;
}

/** All columns. */
export const everything: Mentioned = { has: () => true, references: undefined };

/** Nodes of a syntax tree that mean all columns. */
const WHOLE = new Set([
  "STAR",
  "PIVOT",
  "SHOW_REF",
  "COLUMN_DATA",
  "POSITIONAL_REFERENCE",
]);
/** Table functions that do not run SQL of their own. */
const PLAIN_FUNCTION = /^(?:read_\w+|range|generate_series|unnest|glob)$/i;

/**
 * Returns the columns that a SELECT may need, by its syntax tree from DuckDB's `json_serialize_sql`: every
 * column whose name is in it, or all of them if it takes a whole row or a whole result. It may name too
 * many, never too few.
 */
export function mentionedIn(tree: unknown): Mentioned {
  const words = new Set<string>();
  const references = new Set<string>();
  const tables = new Set(["runs", "result"]);
  const singles: string[] = [];
  let isWhole = false;

  function visit(node: unknown): void {
    if (typeof node === "string") words.add(node.toLowerCase());
    if (typeof node !== "object" || node === null) return;
    const { type, class: kind, alias, ref_type, column_names, using_columns, function: call } =
      node as { readonly [field: string]: unknown };
    if (WHOLE.has(String(type)) || ref_type === "NATURAL") isWhole = true;
    if (kind === undefined && typeof alias === "string" && alias !== "") {
      tables.add(alias.toLowerCase());
    }
    for (const names of [column_names, using_columns]) {
      if (!Array.isArray(names)) continue;
      for (const name of names) references.add(String(name).toLowerCase());
    }
    if (type === "COLUMN_REF" && Array.isArray(column_names)) {
      const last = String(column_names.at(-1)).toLowerCase();
      // `result`, also as `r.result`, is the whole struct; `runs` or an alias of it the whole row.
      if (last === "result" || column_names.length === 1) singles.push(last);
    }
    if (type === "TABLE_FUNCTION") {
      const name = (call as { readonly function_name?: unknown } | undefined)?.function_name;
      if (!PLAIN_FUNCTION.test(String(name))) isWhole = true;
    }
    for (const [name, child] of Object.entries(node)) {
      if (!Array.isArray(node)) words.add(name.toLowerCase());
      visit(child);
    }
  }

  visit(tree);
  if (isWhole || singles.some((name) => tables.has(name))) return everything;
  for (const name of tables) references.delete(name);
  return {
    has(column): boolean {
      const name = column.toLowerCase();
      if (!name.startsWith("result.")) return words.has(name) || isNumbered(name, words);
      return words.has(name.slice("result.".length)) || isNumbered(name.slice(7), words);
    },
    references,
  };
}

/** True if a column whose name is taken may be mentioned by its numbered name. */
function isNumbered(name: string, words: ReadonlySet<string>): boolean {
  for (const word of words) {
    if (word.startsWith(`${name || "_"}_`) && /_\d+$/.test(word)) return true;
    if (name === "" && word === "_") return true;
  }
  return false;
}
