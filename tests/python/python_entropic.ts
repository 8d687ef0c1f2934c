import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pythonVenv } from "./python_venv.ts";

const entropic = pythonVenv("python-entropic", "entropic_requirements.txt");

/** Reason to skip a test that needs the Python package `entropic`; false if it is installed. */
export const missingEntropic: string | false = "missing" in entropic &&
  `no Python package entropic: ${entropic.missing}`;

/** Runs a script of this folder, and returns its output. */
export function entropicPython(script: string, ...args: readonly string[]): string {
  if ("missing" in entropic) throw new Error(entropic.missing);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { status, stdout, stderr } = spawnSync(entropic.command, [file, ...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
  return stdout;
}
