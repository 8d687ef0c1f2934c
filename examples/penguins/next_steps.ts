import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Model } from "./knn.ts";

/** The runtime that runs this. */
const { versions } = process;
const runtime = versions["deno"] ? "deno" : versions["bun"] ? "bun" : "node";

/** It as a command: its name if the user's PATH has it, else through npx. */
const command = isOnPath(runtime) ? runtime : `npx -y ${runtime}@${versions[runtime]}`;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Default store. */
export const defaultStore = path.join(root, "examples", "penguins", "output", "runs.csv");

/** The user's folder: `deno task` changes folders and says from where. */
const from = process.env["INIT_CWD"] ?? process.cwd();

/** The path of a file that the user typed. */
export function untyped(file: string): string {
  return path.resolve(from, file);
}

/** Returns a path as it is typed in the user's folder. */
export function typed(file: string): string {
  const text = path.relative(from, file);
  return /[^\w./:\\@+-]/.test(text) ? `"${text}"` : text;
}

/** Returns the next steps after the demo: every command is typed as the demo was started. */
export function nextSteps(store: string, { k, distance, features, scaling }: Model): string[] {
  const file = typed(store);
  const isDeno = runtime === "deno";
  const cli = `${command}${isDeno ? " run --allow-read --allow-write" : ""} ${
    typed(root + "cli.ts")
  }`;
  const start = isDeno ? "task demo" : typed(root + "examples/penguins/demo.ts");
  const demo = `${command} ${start}${store === defaultStore ? "" : ` --store ${file}`}`;
  const params = `k=${k} distance=${distance} features=${features} scaling=${scaling}`;
  return [
    `Open ${file}: a line for each run. What to try next:`,
    "",
    "Look into the store from outside",
    `  ${cli} status ${file}`,
    `  ${cli} ls ${file} -n 5`,
    "Forget one run: the next start runs that one and skips the others",
    `  ${cli} reset ${file} ${params}`,
    `  ${demo}`,
    "Grow the grid: only what is new is run",
    `  ${demo} --k 2,4,6`,
    "Forget all, start again, press Ctrl-C half-way, and start once more to go on",
    `  ${cli} reset ${file} --yes`,
    `  ${demo}`,
    "Forget all, and start it in two terminals at once: they share the runs",
  ];
}

function isOnPath(name: string): boolean {
  return (process.env["PATH"] ?? "").split(path.delimiter)
    // npx and `npm run` add such folders: the user's shell does not have them.
    .filter((folder) => !folder.includes("node_modules"))
    .some((folder) =>
      ["", ".exe", ".cmd"].some((end) => fs.existsSync(path.join(folder, name + end)))
    );
}
