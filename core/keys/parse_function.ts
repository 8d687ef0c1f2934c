import { parseExpressionAt } from "acorn";
import type { Node, Options, Pattern } from "acorn";

/** A function, if it has params. */
export type ParsedFunction = Node & { readonly params?: readonly Pattern[] };

const PARSER: Options = {
  ecmaVersion: "latest",
  checkPrivateFields: false, // `this.#field` in a method taken out of its class
  allowImportExportEverywhere: true, // `import.meta` in what is parsed as a script, so that sloppy code parses too
};

/** The parts of an object literal and of a class that lead to the function in them. */
interface Surroundings {
  readonly properties: [{ value: { params: [{ right: ParsedFunction }] } }];
  readonly body: { body: [{ value: ParsedFunction }] };
}

/**
 * Parses a function as a runtime prints it: a method without the `function` word, an arrow with the `super`
 * or `new.target` of the method around it. So it is parsed where both are allowed: as a default value in a
 * method, else as a method of a derived class.
 *
 * @throws {SyntaxError} If it is neither.
 */
export function parseFunction(source: string): ParsedFunction {
  try {
    return parsed(`({ method(value = ${source}) {} })`).properties[0].value.params[0].right;
  } catch {
    // Not an expression: a method.
    return parsed(`(class extends Object { ${source} })`).body.body[0].value;
  }
}

function parsed(text: string): Surroundings {
  return parseExpressionAt(text, 0, PARSER) as unknown as Surroundings;
}
