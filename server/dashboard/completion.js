import { nameText } from "./conditions.js";

/**
 * Returns how the end of a condition can go on: names of columns, signs, or values of a param.
 *
 * @param {string} text The condition up to the cursor.
 * @param {import("../../figures/view.ts").View} view
 * @returns {{ text: string, label: string }[]} The whole condition, and the part that is added.
 */
export function completions(text, view) {
  const { params, metrics, texts } = view.choices;
  const names = [
    ...params.map(({ name, label }) => ({ name, label })),
    ...metrics,
    ...texts.map((name) => ({ name, label: name })),
  ];
  const compared = /(?:^|\s|\()("(?:[^"]|"")*"|[\p{L}_$][\p{L}\p{N}_$.]*)\s*(=|!=)\s*('?[^'\s]*)$/u
    .exec(text);
  if (compared) {
    const [, quoted = "", , begun = ""] = compared;
    const name = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
    const axis = axesOf(view).find(({ name: each, label }) => each === name || label === name);
    const wanted = begun.replace(/^'/, "").toLowerCase();
    return (axis?.parts ?? []).flatMap(({ label, where }) => {
      const value = where === null ? undefined : /\s=\s(.*)$/s.exec(where)?.[1];
      if (value === undefined || !label.toLowerCase().includes(wanted)) return [];
      return [{ text: text.slice(0, text.length - begun.length) + value, label }];
    }).slice(0, MAX);
  }
  const word = /(?:^|[\s(])([\p{L}_$][\p{L}\p{N}_$.]*|)$/u.exec(text);
  if (!word) return [];
  const [, begun = ""] = word;
  const before = text.slice(0, text.length - begun.length);
  if (
    /[=<>]\s*$/.test(before) || before.trim() !== "" && !/(?:\b(?:and|or|not)|\()\s*$/i.test(before)
  ) return [];
  const lower = begun.toLowerCase();
  return names.filter(({ label, name }) =>
    [label, name].some((each) => each.toLowerCase().startsWith(lower))
  )
    .map(({ label }) => ({ text: before + nameText(label), label })).slice(0, MAX);
}

const MAX = 12;

/** @param {import("../../figures/view.ts").View} view */
function axesOf({ effects, heat, configurations }) {
  const axes = [
    heat?.x,
    heat?.y,
    heat?.z,
    ...effects.map(({ axis }) => axis),
    ...configurations?.axes ?? [],
  ];
  return axes.filter((axis) => axis !== null && axis !== undefined);
}
