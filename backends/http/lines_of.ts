/** The lines of a text in UTF-8, as its bytes come; empty ones are left out. */
export async function* linesOf(bytes: AsyncIterable<Uint8Array> | []): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const chunk of bytes) {
    // Only the new text is searched: a long line comes in many chunks.
    const [end, ...lines] = decoder.decode(chunk, { stream: true }).split("\n");
    rest += end;
    for (const line of lines) {
      if (rest !== "") yield rest;
      rest = line;
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
