import { nearestName } from "./nearest_name.ts";
import { compareValues, kindOf } from "./compare_values.ts";
import { canonicalJson } from "./json.ts";
import type { Row, Value } from "./value.ts";

/** Which rows are wanted. */
export type Where = (row: Row) => boolean;

/**
 * Reads an expression that says which rows are wanted: `alpha > 0.2 and model = 'a'`.
 *
 * Comparisons `=`, `!=`, `<`, `<=`, `>`, `>=`, `in (1, 2)`, `is absent`, `is null` (each with `not`),
 * put together with `and`, `or`, `not` and parentheses. Texts stand in single quotes; column names are
 * bare (`result.loss`) or in double quotes; the other values are numbers, `true`, `false`, `null`,
 * `nan` and `inf`. Words count in any case.
 *
 * Numbers are ordered as numbers, texts by their characters, false before true; values of different
 * kinds are unequal, and neither is less. An absent value equals nothing and is no less than anything,
 * so `a != 1` is always `not a = 1`.
 *
 * @param columns Those that rows can have.
 * @throws {SyntaxError} If it is no such expression or names another column; says where.
 */
export function parseWhere(text: string, columns: readonly string[]): Where {
  const parser = new Parser(text, columns);
  return parser.whole();
}

type Operand = (row: Row) => Value | undefined;

interface Token {
  readonly kind: "name" | "column" | "text" | "number" | "sign" | "end";
  /** What it says: without quotes, words as they are written. */
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
}

const WORDS: ReadonlySet<string> = new Set(
  ["and", "or", "not", "in", "is", "absent", "true", "false", "null", "nan", "inf"],
);

const TOKEN =
  /\s*(?:(?<name>[\p{L}_$][\p{L}\p{N}_$.]*)|"(?<column>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?<sign><=|>=|!=|<>|==|[=<>(),+-]))/uy;

const COMPARISONS: Readonly<
  Record<string, (a: Value | undefined, b: Value | undefined) => boolean>
> = {
  "=": isEqual,
  "==": isEqual,
  "!=": (a, b) => !isEqual(a, b),
  "<>": (a, b) => !isEqual(a, b),
  "<": (a, b) => isOrdered(a, b) && compareValues(a, b) < 0,
  "<=": (a, b) => isOrdered(a, b) && compareValues(a, b) <= 0,
  ">": (a, b) => isOrdered(a, b) && compareValues(a, b) > 0,
  ">=": (a, b) => isOrdered(a, b) && compareValues(a, b) >= 0,
};

class Parser {
  readonly #text: string;
  readonly #columns: readonly string[];
  #token: Token;
  #end = 0;
  #depth = 0;

  constructor(text: string, columns: readonly string[]) {
    this.#text = text;
    this.#columns = columns;
    this.#token = this.#read();
  }

  whole(): Where {
    const where = this.#or();
    if (this.#token.kind !== "end") throw this.#unexpected('"and", "or" or the end');
    return where;
  }

  #or(): Where {
    let left = this.#and();
    while (this.#takeWord("or")) {
      const [a, b] = [left, this.#and()];
      left = (row) => a(row) || b(row);
    }
    return left;
  }

  #and(): Where {
    let left = this.#not();
    while (this.#takeWord("and")) {
      const [a, b] = [left, this.#not()];
      left = (row) => a(row) && b(row);
    }
    return left;
  }

  #not(): Where {
    if (++this.#depth > 200) throw this.#error("it is nested deeper than 200 levels");
    try {
      if (this.#takeWord("not")) {
        const where = this.#not();
        return (row) => !where(row);
      }
      if (!this.#takeSign("(")) return this.#comparison();
      const where = this.#or();
      this.#need(")");
      return where;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Where {
    const left = this.#operand();
    if (this.#takeWord("is")) {
      const isNegated = this.#takeWord("not");
      const isAbsent = this.#takeWord("absent");
      if (!isAbsent && !this.#takeWord("null")) throw this.#unexpected('"absent" or "null"');
      const wanted = isAbsent ? undefined : null;
      return (row) => (left(row) === wanted) !== isNegated;
    }
    const isNegated = this.#takeWord("not");
    if (this.#takeWord("in")) {
      this.#need("(");
      const members: Operand[] = [];
      do members.push(this.#operand()); while (this.#takeSign(","));
      this.#need(")");
      return (row) => members.some((member) => isEqual(left(row), member(row))) !== isNegated;
    }
    if (isNegated) throw this.#unexpected('"in"');
    const { kind, text } = this.#token;
    const compare = kind === "sign" && Object.hasOwn(COMPARISONS, text) && COMPARISONS[text];
    if (!compare) throw this.#unexpected("a comparison (= != < <= > >=, in, is)");
    this.#next();
    const right = this.#operand();
    return (row) => compare(left(row), right(row));
  }

  #operand(): Operand {
    const { kind, text, at } = this.#token;
    const sign = this.#takeSign("-") ? "-" : this.#takeSign("+") ? "+" : undefined;
    const word = kind === "name" ? text.toLowerCase() : undefined;
    if (sign !== undefined || kind === "number" || word === "nan" || word === "inf") {
      const value = this.#number(sign === "-");
      return () => value;
    }
    if (kind === "text" || word === "true" || word === "false" || word === "null") {
      this.#next();
      const value = kind === "text" ? text : word === "null" ? null : word === "true";
      return () => value;
    }
    if (kind !== "column" && (word === undefined || WORDS.has(word))) {
      throw this.#unexpected("a column or a value");
    }
    this.#check(text, at);
    this.#next();
    return (row) => Object.hasOwn(row, text) ? row[text] : undefined;
  }

  #number(isNegative: boolean): Value {
    const { kind, text } = this.#token;
    const word = text.toLowerCase();
    if (kind !== "number" && !(kind === "name" && (word === "nan" || word === "inf"))) {
      throw this.#unexpected("a number");
    }
    this.#next();
    const size = word === "nan" ? NaN : word === "inf" ? Infinity : Number(text);
    if (/^[0-9]+$/.test(text) && !Number.isSafeInteger(size)) {
      return isNegative ? -BigInt(text) : BigInt(text);
    }
    return isNegative ? -size : size;
  }

  #check(name: string, at: number): void {
    if (this.#columns.includes(name)) return;
    const result = `result.${name}`;
    const nearest = this.#columns.includes(result) ? result : nearestName(name, this.#columns);
    const advice = nearest === undefined
      ? `the columns are ${this.#columns.join(", ")}`
      : `did you mean ${nearest}?`;
    const hint = nearest === undefined ? "; a text stands in single quotes" : "";
    throw this.#error(`there is no column "${name}"; ${advice}${hint}`, at);
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== "name" || text.toLowerCase() !== word) return false;
    this.#next();
    return true;
  }

  #takeSign(sign: string): boolean {
    const { kind, text } = this.#token;
    if (kind !== "sign" || text !== sign) return false;
    this.#next();
    return true;
  }

  #need(sign: string): void {
    if (!this.#takeSign(sign)) throw this.#unexpected(`"${sign}"`);
  }

  #next(): void {
    this.#token = this.#read();
  }

  #read(): Token {
    TOKEN.lastIndex = this.#end;
    const groups = TOKEN.exec(this.#text)?.groups;
    const at = this.#end + /^\s*/.exec(this.#text.slice(this.#end))![0].length;
    if (!groups) {
      if (at === this.#text.length) return { kind: "end", text: "", at };
      const found = String.fromCodePoint(this.#text.codePointAt(at)!);
      const isQuote = found === "'" || found === '"';
      throw this.#error(
        isQuote ? `a quote (${found}) is opened and never closed` : `found ${quote(found)}`,
        at,
      );
    }
    this.#end = TOKEN.lastIndex;
    const { name, column, text, number, sign = "" } = groups;
    if (column !== undefined) return { kind: "column", text: column.replaceAll('""', '"'), at };
    if (text !== undefined) return { kind: "text", text: text.replaceAll("''", "'"), at };
    if (name !== undefined) return { kind: "name", text: name, at };
    return number !== undefined
      ? { kind: "number", text: number, at }
      : { kind: "sign", text: sign, at };
  }

  #unexpected(expected: string): SyntaxError {
    const { kind, text } = this.#token;
    return this.#error(
      `found ${kind === "end" ? "the end" : quote(text)}, expected ${expected}`,
    );
  }

  #error(what: string, at: number = this.#token.at): SyntaxError {
    return new SyntaxError(`Cannot read ${quote(this.#text)} at character ${at + 1}: ${what}`);
  }
}

function quote(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function isEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (typeof a === "object" && typeof b === "object") return canonicalJson(a) === canonicalJson(b);
  // 1e18 and 10 ** 18 as a bigint are one number to who writes it.
  return kindOf(a) === kindOf(b) && compareValues(a, b) === 0;
}

/** Whether one can be less than the other. */
function isOrdered(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined || Number.isNaN(a) || Number.isNaN(b)) return false;
  return kindOf(a) === kindOf(b) && typeof a !== "object";
}
