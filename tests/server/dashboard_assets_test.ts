import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { MemoryBackend } from "../../backends/memory.ts";
import { assetsModule } from "../../scripts/make_assets.ts";
import { serve } from "../../server.ts";
import { assets } from "../../server/dashboard/assets.ts";

test("the dashboard's files are sent zipped, are asked for once, and run nothing but themselves", async () => {
  const sidecar = await serve({ store: new MemoryBackend(), port: 0, token: "t" });
  // What the page needs is there before anybody gave the token.
  const page = await fetch(`${sidecar.url}/`);
  const text = await page.text();
  assert.equal(page.headers.get("content-encoding") ?? "gzip", "gzip");
  assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'self';/);
  const names = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, name]) => name!);
  assert(names.length >= 4);
  for (const name of names) {
    const first = await fetch(sidecar.url + name);
    assert.equal(first.status, 200, name);
    assert.match(
      first.headers.get("content-type") ?? "",
      /^(?:text\/(?:css|javascript); charset=utf-8|image\/svg\+xml)$/,
    );
    await first.arrayBuffer(); // Node keeps the connection of a body that is cancelled
    const headers = { "if-none-match": first.headers.get("etag")! };
    const again = await fetch(sidecar.url + name, { headers });
    assert.equal(again.status, 304, name);
    await again.arrayBuffer();
  }
  // The policy runs no code and takes no style from within the page.
  assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  for (const name of ["nothing.js", "__proto__", "constructor", "..%2fapp.ts", "assets.ts"]) {
    const response = await fetch(`${sidecar.url}/dashboard/${name}`);
    assert.equal(response.status, 404, name);
    await response.arrayBuffer();
  }
  await sidecar.close();
});

test("the module of the dashboard's files is up to date (deno task assets)", () => {
  const path = new URL("../../server/dashboard/assets.ts", import.meta.url);
  assert(readFileSync(path, "utf8") === assetsModule(), "run `deno task assets`");
});

test("the dashboard has at most 60 kB when it is zipped", () => {
  const sizes = Object.values(assets).map((text) => gzipSync(text).length);
  const sum = sizes.reduce((all, each) => all + each, 0);
  assert(sum <= 60_000, `${sum} bytes`);
});
