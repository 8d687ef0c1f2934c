/** The minimum length of a piece of text that is sent. */
const MIN_PIECE_LENGTH = 32 * 1024;

/**
 * Returns pieces as a response. They are read as fast as the client reads, and closed when it leaves. An
 * error of the first piece is thrown, and can still be answered.
 */
export async function streamResponse(
  pieces: AsyncIterator<string | Uint8Array>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const encoder = new TextEncoder();
  let first: IteratorResult<string | Uint8Array> | undefined = await pieces.next();
  const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      let text = "";
      while (text.length < MIN_PIECE_LENGTH) {
        const { done, value } = first ?? await pieces.next();
        first = undefined;
        if (typeof value === "string") {
          text += value;
          continue;
        }
        if (text !== "") controller.enqueue(encoder.encode(text));
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
        return;
      }
      controller.enqueue(encoder.encode(text));
    },
    async cancel(): Promise<void> {
      await pieces.return?.();
    },
  });
  return new Response(bytes, { headers });
}
