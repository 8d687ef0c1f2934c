import { execFile } from "node:child_process";
import path from "node:path";
import { isGranted } from "../../core/runtime/missing_permission.ts";

/** The time that git gets, in milliseconds. */
const TIMEOUT_MS = 5000;

/** No hook of the repository runs, and no lock is taken. */
const OPTIONS = ["--no-optional-locks", "-c", "core.fsmonitor=false"];

/**
 * Returns the commit of the folder of a file, else that of the working directory: `5f3c2a1e9b7d on main, with
 * uncommitted changes`. Changes of the file itself and files that git does not track are no changes. Undefined
 * without git, without a repository, without a commit, and where git may not be run; never an error.
 *
 * @param file The path of a store, or its URL, which has no folder.
 */
export async function gitState(file: string): Promise<string | undefined> {
  if (!isGranted({ name: "run", command: "git" })) return undefined;
  const isUrl = /^[a-z][a-z0-9+.-]+:\/\//i.test(file);
  const own = isUrl ? undefined : await stateOf(path.dirname(path.resolve(file)), file);
  return own ?? await stateOf(".");
}

async function stateOf(folder: string, file?: string): Promise<string | undefined> {
  const names = file === undefined ? [] : [path.basename(file)];
  const text = await git([
    ...["-C", folder, ...OPTIONS, "status", "--porcelain=v2", "--branch", "--untracked-files=no"],
    ...["--", ":(top)", ...names.map((name) => `:(exclude,literal)${name}`)],
  ]);
  const commit = /^# branch\.oid ([0-9a-f]{12})/m.exec(text)?.[1];
  if (commit === undefined) return undefined;
  const branch = /^# branch\.head (?!\(detached\))(.+)$/m.exec(text)?.[1];
  const isDirty = /^[12u] /m.test(text);
  return `${commit}${branch === undefined ? "" : ` on ${branch}`}${
    isDirty ? ", with uncommitted changes" : ""
  }`;
}

/** Returns what git prints; empty if it fails. */
function git(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    try {
      execFile(
        "git",
        args,
        { timeout: TIMEOUT_MS, windowsHide: true, maxBuffer: 64 << 20 },
        (error, stdout) => resolve(error ? "" : stdout),
      );
    } catch {
      resolve(""); // a runtime may refuse to start programs
    }
  });
}
