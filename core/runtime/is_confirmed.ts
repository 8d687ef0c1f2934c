import process from "node:process";

/**
 * Asks a question on the terminal and resolves to true if the answer is `y`. Ctrl-C means no.
 *
 * @param output Receives the question. Default: standard output.
 */
export async function isConfirmed(
  question: string,
  output: NodeJS.WritableStream = process.stdout,
): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises"); // slow to load, seldom needed
  const terminal = createInterface({ input: process.stdin, output });
  const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  terminal.on("SIGINT", () => terminal.close());
  try {
    const answer = await Promise.race([terminal.question(question), closed]);
    return answer.trim().toLowerCase() === "y";
  } finally {
    terminal.close();
  }
}
