import { join } from "node:path";
import { testBackend } from "../../conformance/mod.ts";
import { open } from "../../examples/plugin/tsv.ts";

testBackend({
  name: ".tsv",
  open: (folder) => open(join(folder, "runs.tsv")),
  manyRows: 2000, // default: 10,000, but each record reads the file
});
