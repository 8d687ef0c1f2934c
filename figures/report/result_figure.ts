import type { Row, Value } from "../../core/values/value.ts";
import { viewOf } from "../data/view_of.ts";
import { drawEffect } from "../draw/draw_effect.js";
import { drawHeat } from "../draw/draw_heat.js";
import { escapeXml } from "../draw/svg.js";
import { plainText } from "../draw/text.js";
import type { ViewAxis } from "../view.ts";
import { outputHtml } from "./report_html.ts";

/** The width of a plot of one param, and of a map of two. */
const WIDTH = 340, WIDE = 560;
const METRIC = "result.metric";

/** The maximum number of rows. */
const MAX_ROWS = 500;

/** The result of a query. */
interface Result {
  readonly columns: readonly { readonly name: string }[];
  firstRows(most: number): readonly Readonly<Record<string, unknown>>[];
}

/**
 * Returns a plot of the last column of a result by the one or two before it, as HTML for a notebook; empty if it has
 * other columns, the last one has another value than numbers, or its rows are many.
 */
export function resultFigure(result: Result): string {
  const columns = result.columns.map(({ name }) => name);
  const rows = result.firstRows(MAX_ROWS + 1);
  if (rows.length < 2 || rows.length > MAX_ROWS) return "";
  const names = columns.slice(0, -1);
  const metric = columns.at(-1);
  if (metric === undefined || names.length < 1 || names.length > 2) return "";
  if (!rows.every((row) => isNumber(row[metric]) && names.every((name) => isScalar(row[name])))) {
    return "";
  }
  // Columns of results and reserved ones are no params.
  const params = names.map((_, i) => `param ${i}`);
  const own = rows.map((row): Row => ({
    ...Object.fromEntries(params.map((param, i) => [param, row[names[i]!] as Value])),
    [METRIC]: row[metric] as Value,
  }));
  const [x, y = ""] = params;
  const { choices: { better }, effects: [effect], heat } = viewOf(own, {
    x: x!,
    y,
    z: "",
    over: "",
  });
  if (!effect || !heat || heat.x.name !== x) return "";
  const options = { better, metric, still: true };
  const axisOf = (axis: ViewAxis, i: number): ViewAxis => ({ ...axis, label: names[i]! });
  const drawn = y === ""
    ? drawEffect({ ...effect, axis: axisOf(effect.axis, 0), share: null }, {
      ...options,
      width: WIDTH,
    })
    : heat.y && drawHeat({ ...heat, x: axisOf(heat.x, 0), y: axisOf(heat.y, 1), best: -1 }, {
      ...options,
      width: WIDE,
    });
  const title = plainText(`${metric} by ${names.join(" and ")}`);
  return drawn ? outputHtml(`<p><b>${escapeXml(title)}</b></p>${drawn}`) : "";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

function isScalar(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}
