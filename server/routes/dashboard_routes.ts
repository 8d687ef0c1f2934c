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
export function dashboardRoutes({ mirror, warn }: ServerDeps): Hono<Env> {
  async function answer(c: Context<Env>, path: string): Promise<Response> {
    const { assets } = await import("../dashboard/assets.ts");
    if (!Object.hasOwn(assets, path)) return await c.notFound();
    return c.body(assets[path]!, 200, {
      "content-type": TYPES[path.split(".").at(-1)!]!,
      "cache-control": "no-cache", // kept, and revalidated each time
    });
  }

  const unchanged = etag();
  const compressed = compress({ encoding: "gzip" });
  return new Hono<Env>()
    .get("/", unchanged, compressed, async (c) => {
      // The page will ask for figures: the mirror is ready the sooner.
      mirror.catchUp().catch((error) => warn(`[stet] ${error}`));
      return await answer(c, "/dashboard/index.html");
    })
    .on(
      "GET",
      ["/dashboard/*", "/figures/draw/*"],
      unchanged,
      compressed,
      (c) => answer(c, c.req.path),
    );
}
