/** Bits of the dots of a braille character, by row and column (Unicode 15, U+2800). */
const BITS = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]] as const;

/** A canvas of dots, two across and four down in each character. */
export class Braille {
  readonly width: number;
  readonly height: number;
  readonly #cells: Uint8Array;
  readonly #columns: number;

  /** @param columns Characters in a line. @param rows Lines. */
  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.width = columns * 2;
    this.height = rows * 4;
    this.#cells = new Uint8Array(columns * rows);
  }

  /** Sets a dot; one outside is left out. */
  dot(x: number, y: number): void {
    const [column, row] = [Math.round(x), Math.round(y)];
    if (!(column >= 0 && column < this.width && row >= 0 && row < this.height)) return;
    this.#cells[(row >> 2) * this.#columns + (column >> 1)]! |= BITS[row & 3]![column & 1]!;
  }

  /** Sets the dots of a line, every `step`-th one. */
  line(x0: number, y0: number, x1: number, y1: number, step = 1): void {
    const count = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let i = 0; i <= count; i += step) {
      this.dot(x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count);
    }
  }

  /** Returns the lines of characters. */
  lines(): string[] {
    const lines: string[] = [];
    for (let at = 0; at < this.#cells.length; at += this.#columns) {
      lines.push(
        Array.from(
          this.#cells.subarray(at, at + this.#columns),
          (bits) => bits === 0 ? " " : String.fromCharCode(0x2800 + bits),
        ).join(""),
      );
    }
    return lines;
  }
}
