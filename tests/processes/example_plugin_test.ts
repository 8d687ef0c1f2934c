import { join } from "node:path";
import { testBackend } from "../../conformance/mod.ts";
import { open } from "../../examples/plugin/tsv.ts";

testBackend({ name: ".tsv", open: (folder) => open(join(folder, "runs.tsv")) });
