import { messageOf } from "../core/errors.ts";
import { firstValue } from "../duckdb/connect.ts";
import type { DuckDb, DuckDbConnection } from "../duckdb/duckdb.ts";
import { everything, type Mentioned, mentionedIn } from "./mentioned.ts";
import { QueryError } from "./query_error.ts";
import { sqlString } from "../duckdb/sql_text.ts";

const WORD = /[a-z]+/iy;
const EXPLAIN = /explain\s+(?:analyze\s+)?(?:\([^)]*\)\s*)?/iy;
/** White space and comments, and the same with opening brackets. */
const BLANKS = /(?:\s|--[^\n]*|\/\*[^]*?(?:\*\/|$))*/y;
export const BRACKETS = /(?:[\s(]|--[^\n]*|\/\*[^]*?(?:\*\/|$))*/y;

/** A statement that only reads. */
export interface Statement {
  readonly sql: string;
  readonly mentioned: Mentioned;
  /** True if it can be in brackets after FROM. */
  readonly isSelect: boolean;
}

/**
 * Checks that a text is one statement that only reads, before anything of it is run.
 *
 * @throws {QueryError} If it is not.
 */
export async function readOnly(connection: DuckDbConnection, sql: string): Promise<Statement> {
  const body = withoutEnd(sql);
  if (body.trim() === "") throw new QueryError("Cannot run the SQL: it is empty");
  const explain = firstOf(EXPLAIN, body, BLANKS);
  const selected = explain === "" ? body : body.slice(EXPLAIN.lastIndex);
  const tree = await treeOf(connection, selected);
  if (tree.statements) {
    if (tree.statements.length !== 1) throw notOne(tree.statements.length);
    const mentioned = explain !== "" ? everything : mentionedIn(tree.statements);
    return { sql: body, mentioned, isSelect: explain === "" };
  }
  const word = firstOf(WORD, selected, BRACKETS);
  // A tree is given of SELECT only. A PIVOT becomes several statements, the last of which selects.
  if (tree.error_type === "not implemented" && /^(?:pivot|unpivot|with|from|select)$/i.test(word)) {
    await checkPivot(connection, selected);
    return { sql: body, mentioned: everything, isSelect: false };
  }
  if (tree.error_type === "not implemented") throw notReading(word);
  throw new QueryError(`Cannot run the SQL: ${await syntaxError(connection, body, tree)}`);
}

/** Returns the statement with a limit: one row more than asked for, to detect that there are more. */
export function limited({ sql, isSelect }: Statement, maxRows: number | undefined): string {
  // The statement was checked: nothing in it can end the brackets.
  return maxRows === undefined || !isSelect ? sql : `SELECT * FROM (${sql}\n) LIMIT ${maxRows + 1}`;
}

interface Tree {
  readonly statements?: readonly unknown[];
  readonly error_type?: string;
  readonly error_message?: string;
}

async function treeOf(connection: DuckDbConnection, sql: string): Promise<Tree> {
  const result = await connection.run(`SELECT json_serialize_sql(${sqlString(sql)})`);
  return JSON.parse(String(await firstValue(result))) as Tree;
}

/** Returns the message of DuckDB's parser, which shows the place. */
async function syntaxError(connection: DuckDbConnection, sql: string, tree: Tree): Promise<string> {
  try {
    await connection.extractStatements(sql);
  } catch (error) {
    return messageOf(error).replace(/^Failed to extract statements: /, "");
  }
  return tree.error_message ?? "it is not a statement that reads";
}

/** In brackets, after FROM, only a SELECT parses. */
async function checkPivot(connection: DuckDbConnection, sql: string): Promise<void> {
  try {
    await connection.extractStatements(`SELECT * FROM (${sql}\n)`);
  } catch {
    throw notReading(firstOf(WORD, sql, BRACKETS));
  }
}

/**
 * Checks the kind of a statement after DuckDB has bound its names.
 *
 * @throws {QueryError} If it does not only read.
 * @throws {Error} The error of DuckDB about names and types that do not fit.
 */
export async function checkKinds(
  connection: DuckDbConnection,
  { StatementType: kinds }: DuckDb,
  sql: string,
): Promise<void> {
  const statements = await connection.extractStatements(sql);
  if (statements.count > 1) return; // a PIVOT: see checkPivot
  const statement = await statements.prepare(0);
  const { statementType, parameterCount } = statement;
  statement.destroySync();
  if (statementType !== kinds["SELECT"] && statementType !== kinds["EXPLAIN"]) throw notReading("");
  if (parameterCount > 0) {
    throw new QueryError(
      "Cannot run the SQL: it has parameters (? or $1); write the values into it",
    );
  }
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

/** Returns the match of a sticky pattern after blanks; empty if there is none. */
export function firstOf(pattern: RegExp, sql: string, blanks: RegExp): string {
  blanks.lastIndex = 0;
  blanks.test(sql);
  pattern.lastIndex = blanks.lastIndex;
  return pattern.exec(sql)?.[0] ?? "";
}

/** Returns the text without semicolons and white space at its end. */
export function withoutEnd(sql: string): string {
  let end = sql.length;
  while (end > 0 && /[\s;]/.test(sql[end - 1]!)) end--;
  return sql.slice(0, end);
}
