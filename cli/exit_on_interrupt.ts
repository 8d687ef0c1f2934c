import process from "node:process";

/** Runs a body; meanwhile Ctrl-C ends the process by `process.exit`, which takes unfinished files away. */
export async function exitOnInterrupt<T>(body: () => Promise<T>): Promise<T> {
  const interrupt = (): never => process.exit(130);
  const terminate = (): never => process.exit(143);
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", terminate);
  try {
    return await body();
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", terminate);
  }
}
