import type { Expression, ObjectExpression, PrivateIdentifier, SpreadElement } from "acorn";

/** Value of a constant expression. */
export interface Constant {
  readonly value: unknown;
}

type Primitive = string | number | bigint | boolean | null | undefined;

/**
 * Returns the value of an expression of literals and operators on primitives, or `undefined` if it reads
 * anything else. So `1 / 3` in the source on one runtime and its folded form `0.3333333333333333` on another
 * are one value. Arrays and objects are frozen, as they are given to many calls.
 */
export function constantOf(node: Expression): Constant | undefined {
  switch (node.type) {
    case "Literal":
      return node.regex ? undefined : { value: node.value };
    case "Identifier":
      return GLOBALS.get(node.name);
    case "TemplateLiteral":
      return templateOf(node.quasis.map((quasi) => quasi.value.cooked ?? ""), node.expressions);
    case "UnaryExpression":
      return applied(UNARY.get(node.operator), [node.argument]);
    case "BinaryExpression":
      return applied(BINARY.get(node.operator), [node.left, node.right]);
    case "LogicalExpression": {
      const left = constantOf(node.left);
      if (left === undefined) return undefined;
      const isDecided = node.operator === "&&"
        ? !left.value
        : node.operator === "||"
        ? Boolean(left.value)
        : left.value !== null && left.value !== undefined;
      return isDecided ? left : constantOf(node.right);
    }
    case "ConditionalExpression": {
      const test = constantOf(node.test);
      return test && constantOf(test.value ? node.consequent : node.alternate);
    }
    case "ArrayExpression": {
      const items = constantsOf(node.elements);
      return items && { value: Object.freeze(items) };
    }
    case "ObjectExpression":
      return objectOf(node);
    default:
      return undefined;
  }
}

const GLOBALS: ReadonlyMap<string, Constant> = new Map([
  ["undefined", { value: undefined }],
  ["NaN", { value: NaN }],
  ["Infinity", { value: Infinity }],
]);

// Typed for numbers, applied to any primitives; `1n + 1` throws, which `applied` reads as no constant.
const UNARY = new Map<string, (operand: number) => unknown>([
  ["-", (operand) => -operand],
  ["+", (operand) => +operand],
  ["!", (operand) => !operand],
  ["~", (operand) => ~operand],
  ["void", () => undefined],
]);

const BINARY = new Map<string, (left: number, right: number) => unknown>([
  ["+", (left, right) => left + right],
  ["-", (left, right) => left - right],
  ["*", (left, right) => left * right],
  ["/", (left, right) => left / right],
  ["%", (left, right) => left % right],
  ["**", (left, right) => left ** right],
  ["<<", (left, right) => left << right],
  [">>", (left, right) => left >> right],
  [">>>", (left, right) => left >>> right],
  ["&", (left, right) => left & right],
  ["|", (left, right) => left | right],
  ["^", (left, right) => left ^ right],
  // deno-lint-ignore eqeqeq
  ["==", (left, right) => left == right],
  // deno-lint-ignore eqeqeq
  ["!=", (left, right) => left != right],
  ["===", (left, right) => left === right],
  ["!==", (left, right) => left !== right],
  ["<", (left, right) => left < right],
  ["<=", (left, right) => left <= right],
  [">", (left, right) => left > right],
  [">=", (left, right) => left >= right],
]);

function applied(
  operator: ((left: number, right: number) => unknown) | undefined,
  nodes: readonly (Expression | PrivateIdentifier)[],
): Constant | undefined {
  const operands = constantsOf(nodes);
  if (operator === undefined || !operands?.every(isPrimitive)) return undefined;
  try {
    return { value: operator(...operands as [number, number]) };
  } catch {
    return undefined;
  }
}

function constantsOf(
  nodes: readonly (Expression | PrivateIdentifier | SpreadElement | null)[],
): unknown[] | undefined {
  const values: unknown[] = [];
  for (const node of nodes) {
    if (node === null || node.type === "SpreadElement" || node.type === "PrivateIdentifier") {
      return undefined;
    }
    const constant = constantOf(node);
    if (constant === undefined) return undefined;
    values.push(constant.value);
  }
  return values;
}

function templateOf(texts: readonly string[], nodes: readonly Expression[]): Constant | undefined {
  const values = constantsOf(nodes);
  if (!values?.every(isPrimitive)) return undefined;
  return { value: texts.map((text, i) => i === 0 ? text : String(values[i - 1]) + text).join("") };
}

function objectOf(node: ObjectExpression): Constant | undefined {
  const entries: [string, unknown][] = [];
  for (const property of node.properties) {
    if (property.type === "SpreadElement" || property.kind !== "init") return undefined;
    const name = !property.computed && property.key.type === "Identifier"
      ? { value: property.key.name }
      : constantOf(property.key);
    const constant = constantOf(property.value);
    if (!name || !isPrimitive(name.value) || !constant) return undefined;
    // `{ __proto__: x }` sets the prototype; only `{ ["__proto__"]: x }` is a field.
    if (name.value === "__proto__" && !property.computed) return undefined;
    entries.push([String(name.value), constant.value]);
  }
  return { value: Object.freeze(Object.fromEntries(entries)) };
}

function isPrimitive(value: unknown): value is Primitive {
  return typeof value !== "object" || value === null;
}
