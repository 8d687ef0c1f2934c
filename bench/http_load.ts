import { connect, type Socket } from "node:net";

/** Returns the next request of a client, given its last answer; undefined once it is done. */
export type Turn = (answer: string | undefined) => HttpTurn | undefined;

/** A request. */
export interface HttpTurn {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
}

/**
 * Has clients send requests over connections that are kept open, each the next when the last was
 * answered, and resolves to how many requests there were and how long they took, in seconds.
 * Bytes are written and read as they are: a client of a library would measure that library.
 */
export async function load(
  port: number,
  turns: readonly Turn[],
): Promise<{ readonly requests: number; readonly seconds: number }> {
  const sockets = await Promise.all(turns.map(() => connected(port)));
  const start = performance.now();
  const counts = await Promise.all(turns.map((turn, i) => take(sockets[i]!, turn)));
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return { requests: counts.reduce((sum, count) => sum + count, 0), seconds };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

function take(socket: Socket, turn: Turn): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let received = "";
    const send = (answer?: string): void => {
      const next = turn(answer);
      if (!next) return resolve(count);
      count++;
      socket.write(requestText(next));
    };
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on(
      "close",
      () => reject(new Error(`the connection was closed after ${count} requests`)),
    );
    socket.on("data", (chunk: string) => {
      received += chunk;
      const head = received.indexOf("\r\n\r\n");
      if (head === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1]);
      const end = head + 4 + length;
      if (received.length < end) return;
      const answer = received.slice(head + 4, end);
      if (!received.startsWith("HTTP/1.1 200")) return reject(new Error(received));
      received = received.slice(end);
      send(answer);
    });
    send();
  });
}

function requestText({ method, path, body = "" }: HttpTurn): string {
  const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n`;
  return method === "GET"
    ? `${head}\r\n`
    : `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}
