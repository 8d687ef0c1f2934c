/**
 * Receives text piece by piece.
 *
 * @internal
 */
export interface CellSink {
  /** Takes a text. */
  text(text: string): this;
  /** Takes the text that ASCII bytes spell. */
  ascii(bytes: Uint8Array, start: number, end: number): this;
}
