import { Hono } from "hono";
import process from "node:process";
import { listen } from "../server/listen.ts";
import { serve } from "../server.ts";

/** A bare Hono route, or a sidecar, in a process of its own: prints its port, and lives until it is killed. */
const [kind, store = "", durability] = process.argv.slice(2);

if (kind === "bare") {
  const app = new Hono();
  app.get("/", (c) => c.text("ok"));
  app.post("/", async (c) => {
    const { params } = await c.req.json();
    return c.json({ state: "claimed", params });
  });
  const { port } = await listen("127.0.0.1", 0, (request) => app.fetch(request));
  console.log(port);
} else {
  const sidecar = await serve({ store, port: 0, durability: durability as "power" | "process" });
  console.log(new URL(sidecar.url).port);
}
process.stdin.on("data", () => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ memory: process.memoryUsage.rss(), cpu: user + system }));
});
