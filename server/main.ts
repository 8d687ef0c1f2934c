import process from "node:process";

/** Runs the command line of the sidecar until a signal ends it; resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { serve } = await import("./serve.ts");
  const sidecar = await serve({ ...args[0] !== undefined && { store: args[0] } });
  console.log(`stet serves ${args[0]} at ${sidecar.url}/`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  await sidecar.close();
  return 0;
}
