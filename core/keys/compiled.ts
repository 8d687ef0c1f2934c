/** Functions as tools compile them for older targets, in which their own parameters are hidden. */
import type {
  Expression,
  Function as FunctionNode,
  ObjectPattern,
  Pattern,
  Statement,
  VariableDeclarator,
} from "acorn";

/** Names that compilers give to the parameter of an object: `_a`, `_0`, `_ref`, `_param`. */
const OBJECT_NAME = /^(?:_[a-z]|_\d+|_ref\d*|_param\d*|param|_x\d*)$/;

/** Names that they give to parameters that are passed on, `strike_1` too, and those of minifiers. */
const PASSED_NAME = /^(?:_[a-z]\w*|_\d+|param|\w+_\d+|[\w$]{1,2})$/;

/**
 * Returns the parameters that a function has in its source, where it was compiled for an older target and
 * its text still shows them; else those that it has. Undefined if the text does not show them.
 *
 * - TypeScript and esbuild make `async ({ alpha, seed = 7 }) => …` a function of `_a` that passes it to
 *   a generator of the parameters: `(_a) => __awaiter(this, [_a], void 0, function* ({ alpha, … }) …)`.
 * - An object rest makes it `(_a) => { var { alpha } = _a, rest = __rest(_a, ["alpha"]); … }`.
 * - Babel and swc pass all arguments on: `function () { return _fit.apply(this, arguments); }`.
 * - For ES5, defaults become statements.
 */
export function sourceParams(fn: FunctionNode): readonly Pattern[] | undefined {
  const inner = generatorParams(fn);
  if (inner) return inner;
  const { body } = fn;
  if (body.type !== "BlockStatement") return fn.params;
  const statements = body.body.filter((statement) =>
    statement.type !== "EmptyStatement" && !("directive" in statement)
  );
  if (passesAllOn(statements) || statements.some((it) => isDefault(it, fn.params))) {
    return undefined;
  }
  const declared = statements.flatMap((it) =>
    it.type === "VariableDeclaration" ? it.declarations : []
  );
  if (declared.some(({ init }) => isDefaultOfArguments(init))) return undefined;
  return withPattern(fn.params, declared);
}

/** The parameters of a generator to which a function passes all of its own. */
function generatorParams({ params, body }: FunctionNode): readonly Pattern[] | undefined {
  const returned = body.type !== "BlockStatement"
    ? body
    : body.body.length === 1 && body.body[0]!.type === "ReturnStatement"
    ? body.body[0].argument
    : undefined;
  if (returned?.type !== "CallExpression" || params.length === 0) return undefined;
  const names = params.map(nameOf);
  if (!names.every((name) => name && PASSED_NAME.test(name))) return undefined;
  for (const argument of returned.arguments) {
    if (isGenerator(argument)) {
      return returned.arguments.some((other) => passes(other, names)) ? argument.params : undefined;
    }
    // Called at once: run(function* ({ alpha }) { … }(_a))
    if (argument.type === "CallExpression" && isGenerator(argument.callee)) {
      const passed = { type: "ArrayExpression", elements: argument.arguments };
      return passes(passed as Expression, names) ? argument.callee.params : undefined;
    }
  }
  return undefined;
}

function isGenerator(node: { readonly type: string }): node is FunctionNode {
  return node.type === "FunctionExpression" && (node as FunctionNode).generator;
}

/** True if an expression is `arguments`, or an array of these names in their order. */
function passes(
  node: { readonly type: string },
  names: readonly (string | undefined)[],
): boolean {
  const expression = node as Expression;
  if (expression.type === "Identifier") return expression.name === "arguments";
  return expression.type === "ArrayExpression" && expression.elements.length === names.length &&
    expression.elements.every((element, i) => {
      const item = element?.type === "SpreadElement" ? element.argument : element;
      return item?.type === "Identifier" && item.name === names[i];
    });
}

/** The parameters, the first in the form in which the function's first statements take it apart. */
function withPattern(
  params: readonly Pattern[],
  declared: readonly VariableDeclarator[],
): readonly Pattern[] | undefined {
  const [first, ...others] = params;
  const name = first && nameOf(first);
  if (name === undefined || !OBJECT_NAME.test(name)) return params;
  const names = new Set([name]);
  let pattern: ObjectPattern | undefined;
  let isOpen = false;
  for (const { id, init } of declared) {
    if (init?.type === "MemberExpression" && isOne(init.object, names)) return undefined; // ES5
    if (init?.type === "CallExpression" && isOne(init.arguments[0], names)) isOpen = true;
    if (!isOne(init, names)) continue;
    if (id.type === "Identifier") names.add(id.name);
    if (id.type === "ObjectPattern") pattern ??= id;
  }
  if (!pattern) return params;
  const rest = { type: "RestElement", argument: { type: "Identifier", name: "rest" } };
  const whole = {
    ...pattern,
    properties: isOpen ? [...pattern.properties, rest] : pattern.properties,
  } as ObjectPattern;
  return [first!.type === "AssignmentPattern" ? { ...first!, left: whole } : whole, ...others];
}

/** True if all that a function does is `return other.apply(this, arguments)`. */
function passesAllOn([statement, ...others]: readonly Statement[]): boolean {
  if (statement?.type !== "ReturnStatement" || others.length > 0) return false;
  const call = statement.argument;
  return call?.type === "CallExpression" && call.callee.type === "MemberExpression" &&
    call.callee.property.type === "Identifier" && call.callee.property.name === "apply" &&
    call.arguments[0]?.type === "ThisExpression" && isOne(call.arguments[1], ARGUMENTS);
}

const ARGUMENTS: ReadonlySet<string> = new Set(["arguments"]);

/** True if a statement is `if (seed === void 0) { seed = 7; }` for a parameter, which people do not write. */
function isDefault(statement: Statement, params: readonly Pattern[]): boolean {
  if ("Bun" in globalThis) return false; // it prints `undefined` so
  if (statement.type !== "IfStatement" || statement.test.type !== "BinaryExpression") return false;
  const { left, right, operator } = statement.test;
  return operator === "===" && right.type === "UnaryExpression" && right.operator === "void" &&
    isOne(left, new Set(params.flatMap((param) => nameOf(param) ?? [])));
}

/** True for `arguments.length > 1 && arguments[1] !== undefined ? arguments[1] : 7`. */
function isDefaultOfArguments(init: Expression | null | undefined): boolean {
  if (init?.type !== "ConditionalExpression") return false;
  const { consequent, alternate } = init;
  return [consequent, alternate].some((node) =>
    node.type === "MemberExpression" && isOne(node.object, ARGUMENTS)
  );
}

function isOne(
  node: { readonly type: string } | null | undefined,
  names: ReadonlySet<string>,
): boolean {
  return node?.type === "Identifier" && names.has((node as unknown as { name: string }).name);
}

function nameOf(param: Pattern): string | undefined {
  const target = param.type === "RestElement"
    ? param.argument
    : param.type === "AssignmentPattern"
    ? param.left
    : param;
  return target.type === "Identifier" ? target.name : undefined;
}
