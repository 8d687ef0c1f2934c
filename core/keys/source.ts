import { hash } from "node:crypto";
import type { Node } from "acorn";
import { constantOf } from "./constant.ts";
import { parseFunction } from "./parse_function.ts";

/** The source of a function. */
export interface Source {
  /** Hash of its syntax tree; undefined for native and bound functions, which show none. */
  readonly hash: string | undefined;
  /** Names, and `this`, whose values come from outside; undefined if the text does not say. */
  readonly captured: readonly string[] | undefined;
}

/**
 * Returns the source of a function, without comments, layout and its own name. Equal hashes are the same
 * source, different ones only within one runtime and build: each prints and rewrites functions its own way.
 */
export function sourceOfFunction(fn: (...args: never[]) => unknown): Source {
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) return { hash: undefined, captured: undefined };
  let tree: Node;
  try {
    tree = parseFunction(text);
  } catch {
    // Newer syntax than acorn knows: named by paramNames.
    return { hash: shortHash(text.replace(/\s+/g, " ")), captured: undefined };
  }
  const own = (tree as Fields).id as { name: string } | null | undefined;
  const reader = new Reader(own?.name);
  reader.root(tree as Fields);
  return { hash: shortHash(reader.text), captured: reader.captured() };
}

/** The first 10 hex digits of a text's hash. */
export function shortHash(text: string): string {
  return hash("sha256", text, "hex").slice(0, 10);
}

type Fields = Node & Record<string, unknown>;

/** Fields of nodes that say where and how something is written, and not what. */
const LAYOUT = new Set(["start", "end", "loc", "range", "raw", "shorthand", "sourceType"]);

/** Identifiers that are names of something, and no references: by type and field of their parent. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["MemberExpression", "property"],
  ["Property", "key"],
  ["MethodDefinition", "key"],
  ["PropertyDefinition", "key"],
  ["MetaProperty", ""],
  ["LabeledStatement", "label"],
  ["BreakStatement", "label"],
  ["ContinueStatement", "label"],
]);

/** Nodes with a `this` of their own. */
const HAVE_THIS = new Set([
  "FunctionExpression",
  "FunctionDeclaration",
  "PropertyDefinition",
  "StaticBlock",
]);

/** Nodes with parameters and names of their own. */
const FUNCTIONS = new Set([
  "FunctionExpression",
  "FunctionDeclaration",
  "ArrowFunctionExpression",
]);

/** Globals whose names programs give to values of their own. */
const SHADOWED = new Set([
  "alert",
  "caches",
  "close",
  "closed",
  "confirm",
  "location",
  "name",
  "prompt",
  "self",
  "status",
]);

/** The names of a function, without those of functions in it. */
interface Scope {
  /** Names that it uses, or that functions in it use and do not declare. */
  readonly used: Set<string>;
  readonly declared: Set<string>;
}

/** Reads a syntax tree: as one text that is equal for equal trees, and which names it uses. */
class Reader {
  text = "";
  readonly #own: string | undefined;
  /** Number of nodes with a `this` of their own around the current one. */
  #depth = 0;
  /** The depth at which `this` is the function's own, or the one that an arrow function captures. */
  #ownDepth = 0;
  #scope: Scope = { used: new Set(), declared: new Set(["arguments", "undefined"]) };

  constructor(own: string | undefined) {
    this.#own = own;
    if (own !== undefined) this.#scope.declared.add(own);
  }

  /** Reads the function. */
  root(node: Fields): void {
    this.#ownDepth = HAVE_THIS.has(node.type) ? 1 : 0;
    this.node(node);
  }

  /** The names that are used and neither declared in the function nor global. */
  captured(): readonly string[] {
    const { used, declared } = this.#scope;
    return [...used].filter((name) =>
      !declared.has(name) && (!(name in globalThis) || SHADOWED.has(name))
    );
  }

  node(node: Fields, isName = false): void {
    const constant = isFoldable(node) ? constantOf(node as never) : undefined;
    if (constant && typeof constant.value !== "object") {
      this.#scalar(constant.value);
      return;
    }
    switch (node.type) {
      case "Identifier":
        return this.#identifier(String(node.name), isName);
      case "Literal":
        if (!isName) return this.#literal(node);
        return this.#identifier(String(node.value), true);
      case "TemplateElement":
        this.text += JSON.stringify((node.value as { cooked: string }).cooked);
        return;
      case "BlockStatement": {
        // Braces around one statement are a matter of style.
        const body = (node.body as Fields[]).filter(({ type }) => type !== "EmptyStatement");
        if (body.length === 1) return this.node(body[0]!);
        break;
      }
      case "ThisExpression":
      case "Super":
        if (this.#depth <= this.#ownDepth) this.#scope.used.add("this");
    }
    const outer = this.#scope;
    if (node.type === "FunctionDeclaration") this.#bind(node.id as Fields | null);
    if (FUNCTIONS.has(node.type)) this.#scope = { used: new Set(), declared: new Set() };
    this.#declare(node);
    const hasThis = HAVE_THIS.has(node.type);
    if (hasThis) this.#depth++;
    this.text += `(${node.type}`;
    for (const [field, value] of Object.entries(node)) {
      if (field === "type" || LAYOUT.has(field)) continue;
      if (field === "id" && this.#own !== undefined && isNode(value) && value.name === this.#own) {
        continue;
      }
      this.text += ` ${field}:`;
      const isNameHere = NAMES.get(node.type) === field && node.computed !== true ||
        NAMES.get(node.type) === "";
      if (node.type === "TaggedTemplateExpression" && field === "quasi") this.#raw(value as Fields);
      else this.#value(value, isNameHere);
    }
    this.text += ")";
    if (hasThis) this.#depth--;
    const { used, declared } = this.#scope;
    if (this.#scope === outer) return;
    this.#scope = outer;
    for (const name of used) if (!declared.has(name)) outer.used.add(name);
  }

  /** A template whose tag may read it as it is written. */
  #raw({ quasis, expressions }: Fields): void {
    this.text += JSON.stringify((quasis as { value: { raw: string } }[]).map(({ value }) => value));
    this.#value(expressions, false);
  }

  #value(value: unknown, isName: boolean): void {
    if (Array.isArray(value)) {
      this.text += "[";
      for (const item of value) if (item?.type !== "EmptyStatement") this.#value(item, false);
      this.text += "]";
    } else if (isNode(value)) this.node(value, isName);
    else this.#scalar(value);
  }

  #identifier(name: string, isName: boolean): void {
    if (isName) this.text += JSON.stringify(name);
    else {
      this.#scope.used.add(name);
      this.text += name === this.#own ? "self" : `$${name}`;
    }
  }

  #literal(node: Fields): void {
    const { regex } = node as { regex?: { pattern: string; flags: string } };
    if (regex) this.text += `/${regex.pattern}/${regex.flags}`;
    else this.#scalar(node.value);
  }

  #scalar(value: unknown): void {
    this.text += typeof value === "string"
      ? JSON.stringify(value)
      : typeof value === "bigint"
      ? `${value}n`
      : Object.is(value, -0)
      ? "-0"
      : String(value);
  }

  /** Notes the names that a node declares, wherever in its function they count. */
  #declare({ params, id, param }: Fields): void {
    for (const pattern of [...params as Fields[] ?? [], id, param]) this.#bind(pattern as Fields);
  }

  #bind(pattern: Fields | null | undefined): void {
    switch (pattern?.type) {
      case "Identifier":
        this.#scope.declared.add(String(pattern.name));
        return;
      case "AssignmentPattern":
        return this.#bind(pattern.left as Fields);
      case "RestElement":
        return this.#bind(pattern.argument as Fields);
      case "ArrayPattern":
        for (const element of pattern.elements as (Fields | null)[]) this.#bind(element);
        return;
      case "ObjectPattern":
        for (const property of pattern.properties as Fields[]) {
          this.#bind(property.type === "RestElement" ? property : property.value as Fields);
        }
    }
  }
}

/** Expressions that a runtime may print as the constant they are: Bun folds `6 * 7` to `42`. */
function isFoldable({ type }: Node): boolean {
  return type === "BinaryExpression" || type === "UnaryExpression" || type === "TemplateLiteral";
}

function isNode(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && "type" in value;
}
