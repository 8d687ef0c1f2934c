import { SECURE } from "./secure_headers.ts";

/** How many characters of text are sent at a time. */
const PIECE = 32 * 1024;

/** What goes with a streamed answer. */
export interface StreamOptions {
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the client takes gzip. */
  readonly isZipped: boolean;
}

/** Pieces as a response, sent as fast as the client takes them; they end when it goes away. */
export function streamResponse(
  pieces: AsyncIterator<string | Uint8Array>,
  { type, headers = {}, isZipped }: StreamOptions,
): Response {
  const encoder = new TextEncoder();
  const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      let text = "";
      while (text.length < PIECE) {
        const { done, value } = await pieces.next();
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
  return new Response(isZipped ? bytes.pipeThrough(new CompressionStream("gzip")) : bytes, {
    headers: {
      ...SECURE,
      ...headers,
      "content-type": type,
      vary: "accept, accept-encoding",
      ...isZipped && { "content-encoding": "gzip" },
    },
  });
}

/** Whether a client takes gzip, by its Accept-Encoding. */
export function takesGzip(accepted: string | undefined): boolean {
  return (accepted ?? "").split(",").some((text) => {
    const [name, ...rest] = text.toLowerCase().split(";").map((part) => part.trim());
    return (name === "gzip" || name === "*") && !rest.some((each) => /^q=0(?:\.0*)?$/.test(each));
  });
}
