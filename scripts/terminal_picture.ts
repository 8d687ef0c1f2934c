/**
 * Prints a picture of a terminal (SVG) for the docs, from what `tmux capture-pane -p` prints on standard input.
 *
 * @module
 */
import process from "node:process";
import { text } from "node:stream/consumers";

const CHARACTER = 8.43, LINE = 20, MARGIN = 16;

const lines = (await text(process.stdin)).trimEnd().split("\n");
const columns = Math.max(...lines.map((line) => [...line].length));
const width = Math.ceil(columns * CHARACTER + 2 * MARGIN);
const height = lines.length * LINE + 2 * MARGIN;
const rows = lines.map((line, i) => {
  const escaped = line.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/ /g, "\u00a0");
  return `<text x="${MARGIN}" y="${MARGIN + i * LINE + 14}">${escaped}</text>`;
});
console.log(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g fill="#e6edf3" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${rows.join("\n")}
</g></svg>`,
);
