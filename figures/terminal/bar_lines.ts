import { displayWidth, padText } from "../../core/display/display_width.ts";
import { shareBars } from "../draw/draw_shares.js";
import { percentText } from "../draw/numbers.js";
import type { View } from "../view.ts";
import { fitCells } from "./fit_cells.ts";
import type { TerminalOptions } from "./paint.ts";

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const MAX_BAR = 40;

/** Returns the shares of variance as bars. Those of noise and of the rest are shaded. */
export function barLines({ matters, choices }: View, { width, paint }: TerminalOptions): string[] {
  if (matters === null) return [];
  const bars = shareBars(matters, choices.over);
  const most = Math.max(...bars.map(({ share }) => share), 1e-9);
  const names = bars.map(({ name }) => fitCells(name, Math.floor(width * 0.3)));
  const left = Math.max(0, ...names.map(displayWidth));
  const room = Math.max(Math.min(width - left - 12, MAX_BAR), 4);
  return bars.map(({ share, isRest }, i) => {
    const eighths = Math.max(Math.round(share / most * room * 8), 1);
    const bar = isRest
      ? "░".repeat(Math.max(Math.round(eighths / 8), 1))
      : "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
    return `${padText(names[i]!, left, "start")}  ${
      isRest ? paint.dim(bar) : paint.colored(bar, "#3d8fd9")
    } ${percentText(share)}`;
  });
}
