import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { testBackend } from "../../conformance/mod.ts";
import { openBackend } from "../../mod.ts";
import { type Pooler, startPooler } from "./pooler.ts";
import { poolerSkip, postgresSkip } from "./programs.ts";
import { sharedServer } from "./shared_server.ts";

/** Number of rows of the case about many rows: each costs six statements. */
const MANY_ROWS = 500;

let pooler: Promise<Pooler> | undefined;

/** Returns the port of PgBouncer, which ends with the process. */
async function poolerPort(): Promise<number> {
  pooler ??= sharedServer().then((server) => startPooler(server));
  return (await pooler).port;
}

/** Returns the table of a case: its folder has a name of its own. */
function tableOf(folder: string): string {
  return `runs of ${basename(folder)}`;
}

const warn = (message: string): never => assert.fail(message);

if (postgresSkip) {
  test("postgresql: is a backend", { skip: postgresSkip }, () => {});
} else {
  testBackend({
    name: "postgresql:",
    manyRows: MANY_ROWS,
    open: async (folder) => {
      const server = await sharedServer();
      return openBackend(server.url({ params: { table: tableOf(folder) } }), { warn });
    },
  });
}

if (poolerSkip) {
  test("postgresql: is a backend through PgBouncer", { skip: poolerSkip }, () => {});
} else {
  testBackend({
    name: "postgresql: through PgBouncer",
    manyRows: MANY_ROWS,
    open: async (folder) => {
      const [server, port] = await Promise.all([sharedServer(), poolerPort()]);
      const params = { table: tableOf(folder), claims: "lease" };
      return openBackend(server.url({ port, params }), { warn });
    },
  });
}
