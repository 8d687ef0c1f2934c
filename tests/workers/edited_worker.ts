import fs from "node:fs";
import { once } from "../../mod.ts";

const run = once(({ k }: { k: number }) => k * 10, { store: "runs.csv", save: true, quiet: true });
await run({ k: 1 });
await run({ k: 2 });
await new Promise((resolve) => setTimeout(resolve, 50)); // more than a tick of the file system
// An editor saves in place, as long as before.
const text = fs.readFileSync("runs.csv", "utf8").replace("\n1,", "\n3,").replace(
  "\n2,20,",
  "\n2,25,",
);
const fd = fs.openSync("runs.csv", "r+");
fs.writeSync(fd, text, 0);
fs.closeSync(fd);
await new Promise((resolve) => setTimeout(resolve, 150)); // a hit is believed for 100 ms
for (const k of [1, 2, 3]) {
  const outcome = await run.outcome({ k });
  console.log(k, outcome.status, "value" in outcome ? outcome.value : "");
}
