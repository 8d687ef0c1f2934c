import { type Context, Hono } from "hono";
import { compress } from "hono/compress";
import { etag } from "hono/etag";
import type { Env, ServerDeps } from "../deps.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Returns the app of `/` and the files of the page. They are loaded by the first request for one. */
export function dashboardRoutes({ figures, warn }: ServerDeps): Hono<Env> {
  async function answer(c: Context<Env>, name: string): Promise<Response> {
    const { assets } = await import("../dashboard/assets.ts");
    if (!Object.hasOwn(assets, name)) return await c.notFound();
    return c.body(assets[name]!, 200, {
      "content-type": TYPES[name.split(".").at(-1)!]!,
      "cache-control": "no-cache", // kept, and revalidated each time
    });
  }

  const unchanged = etag();
  const compressed = compress({ encoding: "gzip" });
  return new Hono<Env>()
    .get("/", unchanged, compressed, async (c) => {
      // The page will ask for figures: its rows are read the sooner.
      figures.catchUp().catch((error) => warn(`[stet] ${error}`));
      return await answer(c, "index.html");
    })
    .get("/dashboard/:name", unchanged, compressed, (c) => answer(c, c.req.param("name")));
}
