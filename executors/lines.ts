/** Maximum length of a line, in characters; a longer one comes in pieces. */
const MAX_LINE = 2 ** 16;

/** Splits output that comes in pieces into lines. A carriage return ends a line too, as of a progress bar. */
export class Lines {
  readonly #take: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** @param take Gets each line, without its end. */
  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  /** Adds the next piece. */
  add(piece: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split(/\n|\r\n?/);
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#rest.length < MAX_LINE) return;
    this.#take(this.#rest);
    this.#rest = "";
  }

  /** Ends the output: a last line need not have an end. */
  end(): void {
    const rest = this.#rest + this.#decoder.decode();
    this.#rest = "";
    if (rest !== "") this.#take(rest);
  }
}
