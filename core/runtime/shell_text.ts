/** Words as one text that a POSIX shell reads as these words. Different words give different texts. */
export function shellText(words: readonly string[]): string {
  return words.map((word) => isPlain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}

/** Characters without a meaning in any shell; `{name}` is a plain word there. */
const isPlain = /^(?:[\w@%+=:,./-]|\{\w+\})+$/;
