import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Stands in for a model behind an API: it answers sums, each model with a skill of its own, the same
 * for the same question and seed. Like a real one it takes its time, throttles (429 with
 * `Retry-After`) who asks more than 60 times a second, and now and then fails (500).
 */
export async function startModel(): Promise<{ readonly url: string; close(): void }> {
  let answered = 0;
  let second = 0;
  let asked = 0;
  const server: Server = createServer(async (request, response) => {
    const body = await read(request);
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) [second, asked] = [now, 0];
    if (++asked > 60) {
      response.writeHead(429, { "retry-after": "0.5" }).end("too many requests");
      return;
    }
    if (++answered % 17 === 0) {
      response.writeHead(500).end("the model fell over");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 40));
    response.writeHead(200, { "content-type": "application/json" }).end(answer(JSON.parse(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Question {
  readonly model: string;
  readonly prompt: string;
  readonly seed: number;
}

/** Accuracy of each model. */
const skill: Readonly<Record<string, number>> = { tiny: 0.4, small: 0.7, large: 0.95 };

function answer({ model, prompt, seed }: Question): string {
  const [a = 0, b = 0] = [...prompt.matchAll(/\d+/g)].map(Number);
  const luck = fraction(`${model} ${prompt} ${seed}`);
  const isRight = luck < (skill[model] ?? 0.5) - (prompt.startsWith("What") ? 0.1 : 0);
  return JSON.stringify({ text: String(isRight ? a + b : a + b + 1), tokens: prompt.length });
}

/** A number from 0 to 1 that a text always gives. */
function fraction(text: string): number {
  let hash = 2166136261;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 16777619);
  hash = Math.imul(hash ^ hash >>> 15, 0x85ebca6b);
  return ((hash ^ hash >>> 13) >>> 0) / 2 ** 32;
}

async function read(request: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of request) text += decoder.decode(bytes, { stream: true });
  return text;
}
