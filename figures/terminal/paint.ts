/** How text is coloured: 24-bit colours, the terminal's own emphasis only, or not at all. */
export type ColorDepth = "24bit" | "shades" | "none";

/** The environment that says which colours a terminal has. */
export interface ColorFacts {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Returns the colours that an output has (https://no-color.org, https://github.com/termstandard/colors). */
export function colorDepth({ isTerminal, env }: ColorFacts): ColorDepth {
  if (!isTerminal || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return "none";
  return /^(?:truecolor|24bit)$/.test(env["COLORTERM"] ?? "") ? "24bit" : "shades";
}

/** Functions that add escape sequences to text. */
export interface Paint {
  readonly depth: ColorDepth;
  bold(text: string): string;
  dim(text: string): string;
  /** Colours the text by `#rrggbb`; with 24 bits only. */
  colored(text: string, color: string): string;
  /** Colours the text and what is behind it; with 24 bits only. */
  filled(text: string, color: string, background: string): string;
}

/** Returns the paint for a depth of colours. */
export function paintOf(depth: ColorDepth): Paint {
  const wrap = (codes: string, text: string): string =>
    text === "" || depth === "none" ? text : `\x1b[${codes}m${text}\x1b[0m`;
  return {
    depth,
    bold: (text) => wrap("1", text),
    dim: (text) => wrap("2", text),
    colored: (text, color) => depth === "24bit" ? wrap(`38;2;${rgb(color)}`, text) : text,
    filled: (text, color, background) =>
      depth === "24bit" ? wrap(`38;2;${rgb(color)};48;2;${rgb(background)}`, text) : text,
  };
}

function rgb(color: string): string {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)).join(";");
}

/** Options of figures in a terminal. */
export interface TerminalOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly paint: Paint;
}
