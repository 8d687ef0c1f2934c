import { columnText, partLabels } from "../draw/numbers.js";
import { escapeXml } from "../draw/svg.js";
import { fitText, plainText } from "../draw/text.js";
import type { View } from "../view.ts";

/** The most rows and columns of the matrix. */
const MAX_ROWS = 12;
const MAX_COLUMNS = 6;
/** The width of a text's first lines, in pixels of a line. */
const TEXT_WIDTH = 480;

/** Returns the texts by two params as a table: the mean of the metric, and the start of one text. */
export function matrixHtml({ evals }: View): string {
  if (evals === null || evals.cells.length === 0) return "";
  const rows = partLabels(evals.row).slice(0, MAX_ROWS);
  const columns = evals.column === null ? [""] : partLabels(evals.column).slice(0, MAX_COLUMNS);
  const text = columnText(evals.cells.map(({ value }) => value), 2);
  const cellOf = (row: number, column: number): string => {
    const cell = evals.cells.find((it) =>
      it.row === row && (evals.column === null || it.column === column)
    );
    if (cell === undefined) return "<td></td>";
    const number = cell.value === null ? "" : `<strong>${text(cell.value)}</strong> `;
    const failed = cell.failed > 0 ? ` <span class="failed">◥ ${cell.failed} failed</span>` : "";
    const output = fitText(cell.output, TEXT_WIDTH);
    return `<td>${number}<small>${cell.n} ${cell.n === 1 ? "run" : "runs"}${failed}</small><br>${
      escapeXml(output)
    }</td>`;
  };
  const head = columns.map((name) => `<th scope="col">${escapeXml(fitText(name, 300))}</th>`);
  const lines = rows.map((name, row) =>
    `<tr><th scope="row">${escapeXml(fitText(name, 400))}</th>${
      columns.map((_, column) => cellOf(row, column)).join("")
    }</tr>`
  );
  const left = [
    ...evals.row.parts.length > rows.length ? [`${evals.row.parts.length} ${evals.row.label}`] : [],
    ...evals.column !== null && evals.column.parts.length > columns.length
      ? [`${evals.column.parts.length} ${evals.column.label}`]
      : [],
  ];
  const note = left.length === 0
    ? ""
    : `<p class="note">A part of ${escapeXml(plainText(left.join(" and ")))}.</p>`;
  const table = `<table class="matrix"><thead><tr><td></td>${head.join("")}</tr></thead><tbody>${
    lines.join("")
  }</tbody></table>`;
  return scrolled(table, "Texts") + note;
}

/** Returns a table in a box that scrolls sideways, also by the keyboard. */
export function scrolled(table: string, name: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${name}">${table}</div>`;
}
