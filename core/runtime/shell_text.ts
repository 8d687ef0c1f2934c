/** Words as one text that a POSIX shell reads as these words. Different words give different texts. */
export function shellText(words: readonly string[]): string {
  return words.map((word) => isPlain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}

/** What no shell takes for anything else; `{name}` is a word like any other there. */
const isPlain = /^(?:[\w@%+=:,./-]|\{\w+\})+$/;
