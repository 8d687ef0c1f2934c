import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gitState } from "../../figures/report/git_state.ts";
import { tempFolder } from "../temp_folder.ts";

const skip = spawnSync("git", ["--version"]).status === 0 ? false : "git is not installed";

function git(folder: string, ...args: string[]): void {
  const author = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
  const { status, stderr } = spawnSync("git", ["-C", folder, ...author, ...args]);
  assert.equal(status, 0, String(stderr));
}

test(
  "gitState() names commit, branch and changes, but not those of the store",
  { skip },
  async (t) => {
    const folder = tempFolder(t);
    const store = path.join(folder, "data", "runs [1].csv");
    const code = path.join(folder, "train.py");
    fs.mkdirSync(path.dirname(store));
    fs.writeFileSync(store, "lr\n");
    fs.writeFileSync(code, "1\n");
    git(folder, "init", "-q", "-b", "main");
    git(folder, "add", ".");
    git(folder, "commit", "-q", "-m", "one");
    assert.match(await gitState(store) ?? "", /^[0-9a-f]{12} on main$/);
    fs.appendFileSync(store, "0.1\n");
    fs.writeFileSync(path.join(folder, "untracked.txt"), "");
    assert.match(await gitState(store) ?? "", /^[0-9a-f]{12} on main$/);
    fs.appendFileSync(code, "2\n");
    assert.match(await gitState(store) ?? "", /^[0-9a-f]{12} on main, with uncommitted changes$/);
    git(folder, "checkout", "-q", "--detach");
    assert.match(await gitState(store) ?? "", /^[0-9a-f]{12}, with uncommitted changes$/);
  },
);

test("gitState() of a folder without a repository is that of the working directory", async (t) => {
  const outside = await gitState(path.join(tempFolder(t), "none", "runs.csv"));
  assert.equal(outside, await gitState("postgresql://host/db"));
});
