import type { Expression, Function as FunctionNode, ObjectPattern, Pattern } from "acorn";
import { sourceParams } from "./compiled.ts";
import { type ParsedFunction, parseFunction } from "./parse_function.ts";

/** The fix that most messages show. */
const NAME_THEM = 'Name its arguments with paramNames: ["alpha", "seed"]';

/** One declared parameter; without a name when it is destructured. */
export interface Parameter {
  readonly name: string | undefined;
  /** The object pattern, if it is one. */
  readonly pattern: ObjectPattern | undefined;
  readonly default: Expression | undefined;
  readonly isRest: boolean;
}

/** Returns the error of a function whose arguments cannot be named. */
export function cannotName(name: string, problem: string, options?: ErrorOptions): TypeError {
  return new TypeError(`Cannot name the arguments of ${name}(): ${problem}`, options);
}

/**
 * Returns the parameters in the source of a function.
 *
 * @throws {TypeError} If the source does not show them.
 */
export function parametersOf(fn: (...args: never[]) => unknown, name: string): Parameter[] {
  const source = fn.toString();
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) {
    throw cannotName(name, `it is a native or bound function and shows no source. ${NAME_THEM}`);
  }
  let node: ParsedFunction;
  try {
    node = parseFunction(source);
  } catch (cause) {
    throw cannotName(name, `its source cannot be parsed. ${NAME_THEM}`, { cause });
  }
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
  const params = sourceParams(node as FunctionNode);
  if (!params) {
    throw cannotName(
      name,
      "it was compiled for an older target, which hides its parameters or their defaults. Compile it " +
        `for ES2017 or later, or name its arguments with paramNames: ["alpha", "seed"]`,
    );
  }
  return params.map(parameterOf);
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
