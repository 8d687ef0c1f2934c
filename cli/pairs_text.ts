import { writeCell } from "../core/cell.ts";
import type { Row } from "../core/value.ts";
import { shellText } from "../core/shell_text.ts";

/** Params as a command line takes them: `alpha=0.1 model='a b'`. */
export function pairsText(params: Row): string {
  return shellText(Object.entries(params).map(([name, value]) => `${name}=${writeCell(value)}`));
}
