import { Buffer } from "node:buffer";

/** Buffer of the last lines of output that comes in pieces, for an error message. */
export class Tail {
  readonly #maxBytes: number;
  readonly #maxLines: number;
  #bytes = Buffer.alloc(0);

  constructor(maxBytes: number, maxLines: number) {
    this.#maxBytes = maxBytes;
    this.#maxLines = maxLines;
  }

  /** Adds the next piece. */
  add(piece: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, piece.subarray(-this.#maxBytes)])
      .subarray(-this.#maxBytes);
  }

  /** Returns the last lines, without a first character that was cut. */
  text(): string {
    let from = 0;
    while (from < 3 && (this.#bytes[from]! & 0xc0) === 0x80) from++;
    return this.#bytes.subarray(from).toString().trimEnd().split(/\r?\n/).slice(-this.#maxLines)
      .join("\n");
  }
}
