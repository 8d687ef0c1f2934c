import { messageOf } from "../errors.ts";
import { NAMESPACE } from "../values/columns.ts";
import { parseJson } from "../values/json.ts";
import { columnHint, nearestColumn } from "../values/nearest_name.ts";
import { isShortInteger, MAX_DIGITS } from "../values/number_text.ts";
import type { Value } from "../values/value.ts";

/** Syntax tree of an expression; predicates and SQL are made of it. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
    readonly kind: "compare";
    readonly sign: Sign;
    readonly left: Operand;
    readonly right: Operand;
  }
  | { readonly kind: "in"; readonly left: Operand; readonly members: readonly Operand[] }
  /** Null, or absent where `wanted` is undefined. */
  | { readonly kind: "is"; readonly left: Operand; readonly wanted: null | undefined };

/** Comparison of two operands. */
export type Sign = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** A column of the row, or a value. */
export type Operand = { readonly column: string } | { readonly value: Value };

/**
 * Parses an expression about rows: `alpha > 0.2 and model = 'a'`.
 *
 * Comparisons `=`, `!=`, `<`, `<=`, `>`, `>=`, `in (1, 2)`, `is absent`, `is null` (each with `not`),
 * joined by `and`, `or`, `not` and parentheses. Texts are in single quotes; column names are
 * bare (`result.loss`, or `loss` if no other column ends in it) or in double quotes; the other values
 * are numbers, `true`, `false`, `null`, `nan`, `inf`, and arrays and objects as JSON. Words count in
 * any case.
 *
 * @param columns The columns that rows can have; undefined: any.
 * @throws {SyntaxError} If it is no such expression or names another column; says where.
 */
export function parseCondition(text: string, columns: readonly string[] | undefined): Condition {
  return new Parser(text, columns).whole();
}

/** Returns the columns in a condition, each once. */
export function columnsOf(condition: Condition): string[] {
  return [...new Set(operandsOf(condition).flatMap((it) => "column" in it ? [it.column] : []))];
}

function operandsOf(condition: Condition): readonly Operand[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.parts.flatMap(operandsOf);
    case "not":
      return operandsOf(condition.part);
    case "compare":
      return [condition.left, condition.right];
    case "in":
      return [condition.left, ...condition.members];
    case "is":
      return [condition.left];
  }
}

interface Token {
  readonly kind: "name" | "column" | "text" | "number" | "json" | "sign" | "end";
  /** Its text without quotes; words as they are written. */
  readonly text: string;
  /** Its position, from 0. */
  readonly at: number;
}

const WORDS: ReadonlySet<string> = new Set(
  ["and", "or", "not", "in", "is", "absent", "true", "false", "null", "nan", "inf"],
);

const TOKEN =
  /\s*(?:(?<name>[\p{L}_$][\p{L}\p{N}_$.]*)|"(?<column>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?<sign><=|>=|!=|<>|==|[=<>(),+-]))/uy;

/** A date without quotes. */
const DATE = /\d{4}-\d\d(?:-\d\d)?(?:T[\d:.]+Z?)?/y;

/** Other spellings of comparisons. */
const ALIASES: ReadonlyMap<string, Sign> = new Map([["==", "="], ["<>", "!="]]);

class Parser {
  readonly #text: string;
  readonly #columns: readonly string[] | undefined;
  #token: Token;
  #end = 0;
  #depth = 0;

  constructor(text: string, columns: readonly string[] | undefined) {
    this.#text = text;
    this.#columns = columns;
    this.#token = this.#read();
  }

  whole(): Condition {
    const condition = this.#or();
    if (this.#token.kind !== "end") throw this.#unexpected('"and", "or" or the end');
    return condition;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#takeWord("or")) parts.push(this.#and());
    return parts.length === 1 ? parts[0]! : { kind: "or", parts };
  }

  #and(): Condition {
    const parts = [this.#not()];
    while (this.#takeWord("and")) parts.push(this.#not());
    return parts.length === 1 ? parts[0]! : { kind: "and", parts };
  }

  #not(): Condition {
    if (++this.#depth > 200) throw this.#error("it is nested deeper than 200 levels");
    try {
      if (this.#takeWord("not")) return { kind: "not", part: this.#not() };
      if (!this.#takeSign("(")) return this.#comparison();
      const condition = this.#or();
      this.#need(")");
      return condition;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Condition {
    const left = this.#operand();
    if (this.#takeWord("is")) {
      const isNegated = this.#takeWord("not");
      const isAbsent = this.#takeWord("absent");
      if (!isAbsent && !this.#takeWord("null")) throw this.#unexpected('"absent" or "null"');
      return negated({ kind: "is", left, wanted: isAbsent ? undefined : null }, isNegated);
    }
    const isNegated = this.#takeWord("not");
    if (this.#takeWord("in")) {
      this.#need("(");
      const members: Operand[] = [];
      do members.push(this.#operand(true)); while (this.#takeSign(","));
      this.#need(")");
      return negated({ kind: "in", left, members }, isNegated);
    }
    if (isNegated) throw this.#unexpected('"in"');
    const { kind, text } = this.#token;
    if (kind !== "sign" || !/^[=!<>]/.test(text)) {
      throw this.#unexpected("a comparison (= != < <= > >=, in, is)");
    }
    this.#next();
    const sign = ALIASES.get(text) ?? text as Sign;
    return { kind: "compare", sign, left, right: this.#operand(true) };
  }

  /** @param isValue True where a value is more likely than a column. */
  #operand(isValue = false): Operand {
    const { kind, text, at } = this.#token;
    DATE.lastIndex = at;
    const [date] = kind === "number" ? DATE.exec(this.#text) ?? [] : [];
    if (date !== undefined) throw this.#error(`a date is a text, in single quotes: '${date}'`);
    const sign = this.#takeSign("-") ? "-" : this.#takeSign("+") ? "+" : undefined;
    const word = kind === "name" ? text.toLowerCase() : undefined;
    if (sign !== undefined || kind === "number" || word === "nan" || word === "inf") {
      return { value: this.#number(sign === "-") };
    }
    if (kind === "text" || word === "true" || word === "false" || word === "null") {
      this.#next();
      return { value: kind === "text" ? text : word === "null" ? null : word === "true" };
    }
    if (kind === "json") {
      this.#next();
      return { value: this.#json(text, at) };
    }
    if (kind !== "column" && (word === undefined || WORDS.has(word))) {
      throw this.#unexpected("a column or a value");
    }
    const column = this.#column(text, at, isValue);
    this.#next();
    return { column };
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
      if (!isShortInteger(text)) {
        throw this.#error(`an integer has more than ${MAX_DIGITS} digits`);
      }
      return isNegative ? -BigInt(text) : BigInt(text);
    }
    return isNegative ? -size : size;
  }

  /** Returns the column with a name, or the only one whose name ends in it. */
  #column(name: string, at: number, isValue: boolean): string {
    // Of any store: rows without a namespace lack it.
    if (name === NAMESPACE || !this.#columns) return name;
    const [column, ...others] = columnsNamed(name, this.#columns);
    if (others.length > 0) {
      throw this.#error(
        `"${name}" can be ${[column, ...others].join(" or ")}; give the whole name`,
        at,
      );
    }
    if (column !== undefined) return column;
    const nearest = nearestColumn(name, this.#columns);
    const quoted = `'${name.replaceAll("'", "''")}'`;
    const advice = nearest === undefined
      ? `${columnHint(nearest, this.#columns)}; a text is in single quotes: ${quoted}`
      : isValue
      ? `did you mean ${nearest}, or the text ${quoted}?`
      : `did you mean ${nearest}?`;
    throw this.#error(`there is no column "${name}"; ${advice}`, at);
  }

  #json(text: string, at: number): Value {
    try {
      return parseJson(text);
    } catch (error) {
      throw this.#error(`it is no JSON (${messageOf(error)})`, at);
    }
  }

  #takeWord(word: string): boolean {
    return this.#take("name", word);
  }

  #takeSign(sign: string): boolean {
    return this.#take("sign", sign);
  }

  #take(kind: Token["kind"], text: string): boolean {
    if (this.#token.kind !== kind || this.#token.text.toLowerCase() !== text) return false;
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
      const json = jsonAt(this.#text, at);
      if (json !== "") {
        this.#end = at + json.length;
        return { kind: "json", text: json, at };
      }
      if (at === this.#text.length) return { kind: "end", text: "", at };
      const found = String.fromCodePoint(this.#text.codePointAt(at)!);
      const isQuote = found === "'" || found === '"';
      throw this.#error(
        isQuote ? `a quote (${found}) is opened and never closed` : `found ${quote(found)}`,
        at,
      );
    }
    this.#end = TOKEN.lastIndex;
    const [kind, text] = Object.entries(groups).find(([, text]) => text !== undefined)!;
    const mark = kind === "column" ? '"' : kind === "text" ? "'" : "";
    return {
      kind: kind as Token["kind"],
      text: mark === "" ? text! : text!.replaceAll(mark + mark, mark),
      at,
    };
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

/** Returns the column with a name, or those of saved results whose names end in it. */
export function columnsNamed(name: string, columns: readonly string[]): string[] {
  return columns.includes(name) ? [name] : columns.filter((each) => each.endsWith(`.${name}`));
}

/** Returns the array or object at a place of a text, up to its last bracket; empty if there is none. */
function jsonAt(text: string, from: number): string {
  if (text[from] !== "[" && text[from] !== "{") return "";
  let depth = 0;
  let isText = false;
  for (let i = from; i < text.length; i++) {
    const char = text[i]!;
    if (isText && char === "\\") i++;
    else if (char === '"') isText = !isText;
    else if (isText) continue;
    else if (char === "[" || char === "{") depth++;
    else if ((char === "]" || char === "}") && --depth === 0) return text.slice(from, i + 1);
  }
  return "";
}

function quote(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

function negated(condition: Condition, isNegated: boolean): Condition {
  return isNegated ? { kind: "not", part: condition } : condition;
}
