import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CHROMIUM } from "../../scripts/install_optional.ts";
import type { Runtime } from "../runtimes.ts";
import { type Browser, loadPlaywright, type Page, type Request } from "./playwright.ts";

const isNode = process.versions.deno === undefined && process.versions.bun === undefined;
const playwright = isNode ? await loadPlaywright() : undefined;

/** Why the browser's tests cannot run here; false if they can. In CI they must. */
export const reason: string | false = !isNode
  ? "playwright runs on Node"
  : process.env["CI"] === "true" || existsSync(CHROMIUM) && playwright
  ? false
  : `there is no ${CHROMIUM} (apt-get install chromium), or \`deno task test:all\` did not find it`;

/** The browser of all windows. */
let browser: Promise<Browser> | undefined;

/** Closes the browser, if a window was opened. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

/** A window with cookies and storage of its own, and a log of its errors and requests. */
export interface Window {
  readonly page: Page;
  /** What the console said that is wrong. */
  readonly errors: string[];
  /** The hosts that were asked for anything. */
  readonly hosts: Set<string>;
  /** The number of streams of events that are open. */
  streams(): number;
  /** Opens another window of the same browser. */
  another(): Promise<Page>;
  close(): Promise<void>;
}

/** Opens a window of Chromium. */
export async function openWindow(
  { width = 1280, colorScheme = "light" }: {
    readonly width?: number;
    readonly colorScheme?: "light" | "dark";
  } = {},
): Promise<Window> {
  browser ??= playwright!.chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const context = await (await browser).newContext({
    viewport: { width, height: 900 },
    colorScheme,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const errors: string[] = [];
  const hosts = new Set<string>();
  const streams = new Set<Request>();
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (!/^(?:data|blob):$/.test(url.protocol)) hosts.add(url.host);
    if (url.pathname === "/v1/events") streams.add(request);
  });
  for (const event of ["requestfinished", "requestfailed"] as const) {
    context.on(event, (request) => void streams.delete(request));
  }

  async function another(): Promise<Page> {
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error.stack)));
    const own = new Set<Request>();
    page.on("request", (request) => void own.add(request));
    // The end of a stream whose window is closed is not always an event.
    page.on("close", () => own.forEach((request) => streams.delete(request)));
    return page;
  }

  return {
    page: await another(),
    errors,
    hosts,
    streams: () => streams.size,
    another,
    close: () => context.close(),
  };
}

/** A sidecar in a process of its own. */
export interface Served {
  readonly url: string;
  readonly port: number;
  /** Ends it as Ctrl-C does, or at once. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Suspends it: it answers nothing, and keeps its connections. */
  freeze(): void;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Starts a sidecar on a runtime. */
export async function startSidecar(
  runtime: Runtime,
  store: string,
  { port = 0, token }: { readonly port?: number; readonly token?: string } = {},
): Promise<Served> {
  const args = [...runtime.args, script("serve.ts"), store, String(port)];
  const child = spawn(runtime.command, [...args, ...token === undefined ? [] : [token]], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8");
  let output = "";
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.includes("\n")) break;
  }
  const url = output.trim();
  if (!/^http:/.test(url)) throw new Error(`the sidecar on ${runtime.name} said ${url}`);
  return {
    url,
    port: Number(new URL(url).port),
    async stop(signal = "SIGTERM"): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, "exit");
    },
    freeze: () => void child.kill("SIGSTOP"),
  };
}

/** Starts the sweep over a store in a process of its own. The runs of its last seed end once it is released. */
export function startSweep(
  runtime: Runtime,
  store: string,
  first: number,
  last: number,
): { readonly ended: Promise<void>; release(): void; stop(): void } {
  const args = [...runtime.args, script("sweep.ts"), store, String(first), String(last)];
  const child = spawn(runtime.command, args, { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "exit").then(([code, signal]) => {
    if (code !== 0 && signal === null) throw new Error(`the sweep ended with ${code}`);
  });
  return {
    ended,
    release: () => void child.stdin.end(),
    stop: () => void child.kill("SIGKILL"),
  };
}

/** Waits until a check passes; throws what it threw last if it does not come to that. */
export async function until(check: () => Promise<void> | void): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await check();
    } catch (error) {
      if (tries === 1000) throw error;
      await sleep(30);
    }
  }
}
