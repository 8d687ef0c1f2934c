/** The place after white space and comments, and brackets that open if they are to be skipped too. */
function afterBlanks(sql: string, isPastBrackets: boolean): number {
  for (let at = 0;;) {
    if (sql.startsWith("--", at)) at = endOf(sql, "\n", at);
    else if (sql.startsWith("/*", at)) at = endOf(sql, "*/", at + 2);
    else if (/\s/.test(sql.charAt(at)) || isPastBrackets && sql[at] === "(") at++;
    else return at;
  }
}

/** The place after a text, or the end if it is not there. */
function endOf(sql: string, text: string, from: number): number {
  const at = sql.indexOf(text, from);
  return at === -1 ? sql.length : at + text.length;
}

/** What a sticky pattern matches after white space and comments. */
export function firstOf(pattern: RegExp, sql: string, isPastBrackets: boolean): string {
  pattern.lastIndex = afterBlanks(sql, isPastBrackets);
  return pattern.exec(sql)?.[0] ?? "";
}

/** The text without semicolons and white space at its end. */
export function withoutEnd(sql: string): string {
  let end = sql.length;
  while (end > 0 && /[\s;]/.test(sql[end - 1]!)) end--;
  return sql.slice(0, end);
}
