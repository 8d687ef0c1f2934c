import { writeCell } from "../values/cell.ts";
import type { Value } from "../values/value.ts";
import { cellText, tableText } from "./table_text.ts";

/** An object as consoles and notebooks show it: a title, and a table if there are columns. */
export interface View {
  readonly title: string;
  readonly columns?: readonly string[];
  /** The values of each row by column. Those that no cell holds are shown as JavaScript spells them. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Sets how an object, or all objects of a prototype, are shown by `console.log` of Deno, Node and Bun, and by
 * notebooks (https://docs.deno.com/runtime/reference/cli/jupyter/).
 *
 * @param viewOf Makes the view when it is shown.
 */
export function setView<T extends object>(target: T, viewOf: (shown: T) => View): void {
  const show = function (this: T): string {
    return textOf(viewOf(this));
  };
  const display = function (this: T): Record<string, string> {
    const view = viewOf(this);
    return { "text/plain": textOf(view), "text/html": htmlOf(view) };
  };
  for (
    const [name, value] of [
      ["Deno.customInspect", show],
      ["nodejs.util.inspect.custom", show],
      ["Jupyter.display", display],
    ] as const
  ) Object.defineProperty(target, Symbol.for(name), { value, configurable: true });
}

function textOf({ title, columns = [], rows = [] }: View): string {
  if (columns.length === 0) return title;
  const cells = rows.map((row) =>
    Object.fromEntries(
      columns.filter((name) => row[name] !== undefined).map((name) => [name, valueOf(row[name])!]),
    )
  );
  return [title, ...tableText(cells, columns)].join("\n");
}

function htmlOf({ title, columns = [], rows = [] }: View): string {
  const heading = `<p>${escaped(title)}</p>`;
  if (columns.length === 0) return heading;
  const cells = (tag: string, texts: readonly string[]): string =>
    `<tr>${texts.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join("")}</tr>`;
  const lines = rows.map((row) => cells("td", columns.map((name) => cellText(valueOf(row[name])))));
  return `${heading}<table><thead>${cells("th", columns)}</thead><tbody>${
    lines.join("")
  }</tbody></table>`;
}

/** Returns a value, or the text of one that no cell holds. */
function valueOf(value: unknown): Value | undefined {
  if (value === undefined) return undefined;
  try {
    writeCell(value as Value); // throws what no cell holds
    return value as Value;
  } catch {
    return String(value);
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (char) => ({ "&": "&amp;", "<": "&lt;" })[char] ?? "&gt;");
}
