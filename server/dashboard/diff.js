/** The most words of a text that are compared; the table of the comparison has their square. */
const MAX_WORDS = 1500;

/**
 * Returns the words of a text, marked where another text lacks them: the longest common sequence is unmarked.
 *
 * @param {string} one
 * @param {string} other
 * @returns {{ text: string, isOwn: boolean }[]} Pieces of `one`.
 */
export function differences(one, other) {
  const words = wordsOf(one);
  const others = wordsOf(other);
  const width = others.length + 1;
  const table = new Uint16Array((words.length + 1) * width);
  for (let i = words.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      table[i * width + j] = words[i] === others[j]
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }

  /** @param {number} i @param {number} j @returns {number} */
  function at(i, j) {
    return table[i * width + j] ?? 0;
  }

  /** @type {{ text: string, isOwn: boolean }[]} */
  const pieces = [];
  let j = 0;
  for (let i = 0; i < words.length; i++) {
    while (j < others.length && words[i] !== others[j] && at(i, j + 1) >= at(i + 1, j)) j++;
    const isOwn = words[i] !== others[j];
    if (!isOwn) j++;
    const last = pieces.at(-1);
    const text = words[i] ?? "";
    if (last && last.isOwn === isOwn) last.text += text;
    else pieces.push({ text, isOwn });
  }
  const rest = one.slice(words.join("").length);
  return rest === "" ? pieces : [...pieces, { text: rest, isOwn: false }];
}

/** @param {string} text @returns {string[]} Words, each with the space after it. */
function wordsOf(text) {
  return (text.match(/\s*\S+\s*?/g) ?? []).slice(0, MAX_WORDS);
}
