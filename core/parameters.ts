import { parseExpressionAt } from "acorn";
import type { Expression, Node, ObjectPattern, Options, Pattern } from "acorn";
import { cannotName, NAME_THEM } from "./cannot_name.ts";

/** One declared parameter; without a name when it is destructured. */
export interface Parameter {
  readonly name: string | undefined;
  /** The object pattern, if it is one. */
  readonly pattern: ObjectPattern | undefined;
  readonly default: Expression | undefined;
  readonly isRest: boolean;
}

export function parametersOf(fn: (...args: never[]) => unknown, name: string): Parameter[] {
  const source = fn.toString();
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    throw cannotName(name, `it is a native or bound function and shows no source. ${NAME_THEM}`);
  }
  const node = parsed(source, name);
  if (node.type === "ClassExpression") {
    throw cannotName(
      name,
      "it is a class, which cannot be called without new. Wrap a function that constructs it, " +
        `(alpha, seed) => new ${name}(alpha, seed), named by its source or by paramNames: ["alpha", "seed"]`,
    );
  }
  if (node.params === undefined) {
    throw cannotName(name, `its source is not that of a function. ${NAME_THEM}`);
  }
  return node.params.map(parameterOf);
}

const PARSER: Options = {
  ecmaVersion: "latest",
  checkPrivateFields: false, // `this.#field` in a method taken out of its class
  allowImportExportEverywhere: true, // `import.meta` in what is parsed as a script, so that sloppy code parses too
};

/** A function, if it has params. */
type ParsedNode = Node & { readonly params?: readonly Pattern[] };

/**
 * A runtime prints a function as it stands in its surroundings: a method without the `function`
 * word, an arrow with the `super` or `new.target` of the method around it. So it is parsed where
 * both are allowed: as a default value in a method, else as a method of a derived class.
 */
function parsed(source: string, name: string): ParsedNode {
  try {
    type Shape = { properties: [{ value: { params: [{ right: ParsedNode }] } }] };
    const root = parseExpressionAt(
      `({ method(value = ${source}) {} })`,
      0,
      PARSER,
    ) as unknown as Shape;
    return root.properties[0].value.params[0].right;
  } catch {
    // Not an expression: a method.
  }
  try {
    type Shape = { body: { body: [{ value: ParsedNode }] } };
    const root = parseExpressionAt(
      `(class extends Object { ${source} })`,
      0,
      PARSER,
    ) as unknown as Shape;
    return root.body.body[0].value;
  } catch (cause) {
    throw cannotName(name, `its source cannot be parsed. ${NAME_THEM}`, cause);
  }
}

function parameterOf(node: Pattern): Parameter {
  const isRest = node.type === "RestElement";
  const inner = isRest ? node.argument : node;
  const target = inner.type === "AssignmentPattern" ? inner.left : inner;
  return {
    name: target.type === "Identifier" ? target.name : undefined,
    pattern: target.type === "ObjectPattern" && !isRest ? target : undefined,
    default: inner.type === "AssignmentPattern" ? inner.right : undefined,
    isRest,
  };
}
