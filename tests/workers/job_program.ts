/** A program that runs a function of jobs.ts: `job_program.ts <export> <params>`. */
import process from "node:process";

const [name = "", params = "{}"] = process.argv.slice(2);

// Not awaited: Bun does not end a program of an uncaught error while its main module is under way.
run().catch((error) => {
  console.error(`${error}`);
  process.exit(1);
});

async function run(): Promise<void> {
  const jobs: Record<string, unknown> = await import("./jobs.ts");
  const alive = setInterval(() => {}, 1000); // a job that waits for ever is to wait
  const value = await (jobs[name] as (params: unknown) => unknown)(JSON.parse(params));
  clearInterval(alive);
  console.log(JSON.stringify(value));
}
