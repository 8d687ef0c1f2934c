/** Serves a store until a signal: `serve.ts <store> <port> [token]`; prints where. */
import process from "node:process";
import { serve } from "../../server.ts";

const [store, port, token] = process.argv.slice(2);
const sidecar = await serve({
  store: store!,
  port: Number(port),
  durability: "process",
  ...token !== undefined && { token },
});
console.log(sidecar.url);
process.once("SIGTERM", () => void sidecar.close());
