import { parse } from "acorn";
import { readFileSync } from "node:fs";

/** A node of the syntax tree of a module, as far as it is looked at. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly source?: { readonly value: string } | null;
  readonly declaration?: Node | null;
  readonly declarations?: readonly { readonly id: { readonly name: string } }[];
  readonly id?: { readonly name: string };
  readonly specifiers?: readonly Record<
    "local" | "imported" | "exported",
    { readonly name: string }
  >[];
}

/**
 * Returns a module and all that it imports as one module, which a browser loads in one request. Imports and exports are
 * by name; names are bound once.
 *
 * @throws {TypeError} If a module imports or exports in another way.
 */
export function joinModules(entry: URL): string {
  const numbers = new Map<string, number>();
  const parts: string[] = [];

  function numberOf(url: URL): number {
    const known = numbers.get(url.href);
    if (known !== undefined) return known;
    const source = readFileSync(url, "utf8").replaceAll("\r\n", "\n");
    const cuts: { readonly start: number; readonly end: number; readonly text: string }[] = [];
    const { body } = parse(source, {
      ecmaVersion: "latest",
      sourceType: "module",
    }) as unknown as { readonly body: readonly Node[] };
    const exported: string[] = [];
    for (const node of body) {
      const { type, start, end, declaration, specifiers = [] } = node;
      const from = node.source && `M[${numberOf(new URL(node.source.value, url))}]`;
      if (type === "ImportDeclaration") {
        const names = specifiers.map(({ imported, local }) => `${imported.name}: ${local.name}`);
        cuts.push({ start, end, text: `const { ${names.join(", ")} } = ${from};` });
      } else if (type === "ExportNamedDeclaration" && declaration) {
        const names = declaration.declarations?.map(({ id }) => id.name) ?? [declaration.id!.name];
        exported.push(...names);
        cuts.push({ start, end: declaration.start, text: "" });
      } else if (type === "ExportNamedDeclaration") {
        exported.push(
          ...specifiers.map(({ local, exported }) =>
            `${exported.name}: ${from ? `${from}.` : ""}${local.name}`
          ),
        );
        cuts.push({ start, end, text: "" });
      } else if (/^(?:Import|Export)/.test(type)) {
        throw new TypeError(`Cannot join ${url.href}: ${type} is not by name`);
      }
    }
    let code = "";
    let at = 0;
    for (const { start, end, text } of cuts) {
      code += source.slice(at, start) + text;
      at = end;
    }
    code += source.slice(at);
    const number = numbers.size;
    numbers.set(url.href, number);
    parts.push(`M[${number}] = (() => {\n${code}\nreturn { ${exported.join(", ")} };\n})();\n`);
    return number;
  }

  numberOf(entry);
  return `const M = [];\n${parts.join("")}`;
}
