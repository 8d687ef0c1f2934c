/** Splits the values of an axis at the commas outside of quotes, brackets and braces. */
export function splitValues(text: string): string[] {
  const parts = [""];
  let kind: "blank" | "json" | "plain" = "blank";
  let depth = 0;
  let isQuoted = false;
  for (const piece of text.match(/\\.|[^]/gu) ?? []) {
    if (piece === "," && depth === 0 && !isQuoted) {
      parts.push("");
      kind = "blank";
      continue;
    }
    parts[parts.length - 1] += piece;
    if (kind === "blank" && piece.trim() !== "") kind = /["[{]/.test(piece) ? "json" : "plain";
    if (kind !== "json") continue;
    if (piece === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /[[{]/.test(piece)) depth++;
    else if (!isQuoted && /[\]}]/.test(piece)) depth--;
  }
  if (depth !== 0 || isQuoted) {
    throw new SyntaxError(`${parts.at(-1)} does not end: a quote, bracket or brace is missing`);
  }
  return parts;
}
