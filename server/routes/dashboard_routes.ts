import { Hono } from "hono";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Env, ServerDeps } from "../deps.ts";
import { SECURE } from "./secure_headers.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** A file of the dashboard as it is sent. */
interface Asset {
  readonly text: string;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly tag: string;
  readonly type: string;
}

/** `/` and what the page there is made of. They are loaded with the first request for one. */
export function dashboardRoutes({ mirror, warn }: ServerDeps): Hono<Env> {
  const ready = new Map<string, Promise<Asset | undefined>>();

  async function answer(
    name: string,
    header: (name: string) => string | undefined,
  ): Promise<Response | undefined> {
    let asset = ready.get(name);
    if (!asset) {
      asset = load(name);
      if (await asset) ready.set(name, asset);
    }
    const found = await asset;
    if (!found) return undefined;
    const { text, gzipped, tag, type } = found;
    const headers = {
      ...SECURE,
      "content-type": type,
      "cache-control": "no-cache", // kept, and asked each time whether it is still the same
      etag: tag,
      vary: "accept-encoding",
    };
    const known = header("if-none-match")?.split(",").map((each) =>
      each.trim().replace(/^W\//, "")
    );
    if (known?.includes(tag)) return new Response(null, { status: 304, headers });
    return /\bgzip\b/.test(header("accept-encoding") ?? "")
      ? new Response(gzipped, { headers: { ...headers, "content-encoding": "gzip" } })
      : new Response(text, { headers });
  }

  return new Hono<Env>()
    .get("/", async (c) => {
      // The page will ask for figures: what they are made of is ready the sooner.
      mirror.catchUp().catch((error) => warn(`[stet] ${error}`));
      return await answer("index.html", (name) => c.req.header(name)) ?? c.notFound();
    })
    .get("/dashboard/:name", async (c) => {
      const name = c.req.param("name");
      return await answer(name, (each) => c.req.header(each)) ?? c.notFound();
    });
}

async function load(name: string): Promise<Asset | undefined> {
  const { assets } = await import("../dashboard/assets.ts");
  const text = Object.hasOwn(assets, name) ? assets[name] : undefined;
  if (text === undefined) return undefined;
  const gzipped = new Uint8Array(await promisify(gzip)(text));
  const tag = `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;
  return { text, gzipped, tag, type: TYPES[name.split(".").at(-1)!]! };
}
