import { messageOf } from "../core/errors.ts";
import type { DuckDb, DuckDbConnection } from "../duckdb/duckdb.ts";
import { everything, type Mentioned, mentionedIn } from "./mentioned.ts";
import { QueryError } from "./query_error.ts";
import { firstOf, withoutEnd } from "./sql_ends.ts";
import { sqlString } from "../duckdb/sql_text.ts";

const WORD = /[a-z]+/iy;
const EXPLAIN = /explain\s+(?:analyze\s+)?(?:\([^)]*\)\s*)?/iy;

/** A statement that only reads. */
export interface Statement {
  readonly sql: string;
  readonly mentioned: Mentioned;
  /** Whether it can stand in brackets after FROM. */
  readonly isSelect: boolean;
}

/**
 * Sees that a text is one statement that only reads, before anything of it is run.
 *
 * @throws {QueryError} If it is not.
 */
export async function readOnly(connection: DuckDbConnection, sql: string): Promise<Statement> {
  const body = withoutEnd(sql);
  if (body.trim() === "") throw new QueryError("Cannot run the SQL: it is empty");
  const explain = firstOf(EXPLAIN, body, false);
  const selected = explain === "" ? body : body.slice(EXPLAIN.lastIndex);
  const tree = await treeOf(connection, selected);
  if (tree.statements) {
    if (tree.statements.length !== 1) throw notOne(tree.statements.length);
    const mentioned = explain !== "" ? everything : mentionedIn(tree.statements);
    return { sql: body, mentioned, isSelect: explain === "" };
  }
  const word = firstOf(WORD, selected, true);
  // A tree is given of SELECT only. A PIVOT becomes several statements, the last of which selects.
  if (tree.error_type === "not implemented" && /^(?:pivot|unpivot|with|from|select)$/i.test(word)) {
    await checkPivot(connection, selected);
    return { sql: body, mentioned: everything, isSelect: false };
  }
  if (tree.error_type === "not implemented") throw notReading(word);
  throw new QueryError(`Cannot run the SQL: ${await syntaxError(connection, body, tree)}`);
}

/** The statement, with a limit to what it gives: a row more than asked for, to tell that there are more. */
export function limited({ sql, isSelect }: Statement, maxRows: number | undefined): string {
  // The statement was seen to be one that reads: nothing in it can end the brackets.
  return maxRows === undefined || !isSelect ? sql : `SELECT * FROM (${sql}\n) LIMIT ${maxRows + 1}`;
}

interface Tree {
  readonly statements?: readonly unknown[];
  readonly error_type?: string;
  readonly error_message?: string;
}

async function treeOf(connection: DuckDbConnection, sql: string): Promise<Tree> {
  const result = await connection.run(`SELECT json_serialize_sql(${sqlString(sql)})`);
  const chunk = await result.fetchChunk();
  return JSON.parse(String(chunk?.getColumns()[0]?.[0])) as Tree;
}

/** The message of DuckDB's parser, which shows the place. */
async function syntaxError(connection: DuckDbConnection, sql: string, tree: Tree): Promise<string> {
  try {
    await connection.extractStatements(sql);
  } catch (error) {
    return messageOf(error).replace(/^Failed to extract statements: /, "");
  }
  return tree.error_message ?? "it is not a statement that reads";
}

/** In brackets, after FROM, only what selects can stand. */
async function checkPivot(connection: DuckDbConnection, sql: string): Promise<void> {
  try {
    await connection.extractStatements(`SELECT * FROM (${sql}\n)`);
  } catch {
    throw notReading(firstOf(WORD, sql, true));
  }
}

/**
 * The number of statements that DuckDB makes of one that only reads; all but the last make types in
 * memory.
 *
 * @throws {QueryError} If one of them would do anything else.
 * @throws {Error} What DuckDB says of names and types that do not fit.
 */
export async function checkKinds(
  connection: DuckDbConnection,
  { StatementType: kinds }: DuckDb,
  sql: string,
): Promise<void> {
  const statements = await connection.extractStatements(sql);
  if (statements.count > 1) return; // a PIVOT: see checkPivot
  const { statementType, parameterCount } = await prepared(statements);
  if (statementType !== kinds["SELECT"] && statementType !== kinds["EXPLAIN"]) throw notReading("");
  if (parameterCount > 0) {
    throw new QueryError(
      "Cannot run the SQL: it has parameters (? or $1); write the values into it",
    );
  }
}

async function prepared(
  statements: { prepare(index: number): Promise<PreparedKind> },
): Promise<Omit<PreparedKind, "destroySync">> {
  const statement = await statements.prepare(0);
  const { statementType, parameterCount } = statement;
  statement.destroySync();
  return { statementType, parameterCount };
}

interface PreparedKind {
  readonly statementType: number;
  readonly parameterCount: number;
  destroySync(): void;
}

function notReading(word: string): QueryError {
  const what = word === "" ? "it" : word.toUpperCase();
  return new QueryError(
    `Cannot run the SQL: ${what} is not a statement that only reads; use SELECT, WITH, FROM, ` +
      `VALUES, PIVOT, DESCRIBE, SUMMARIZE or EXPLAIN of one`,
  );
}

function notOne(count: number): QueryError {
  return new QueryError(`Cannot run the SQL: it has ${count} statements; give one at a time`);
}
