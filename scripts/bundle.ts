import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { root } from "./compile.ts";
import { installOptional } from "./install_optional.ts";

/** In TypeScript the server is a variable, so that Deno does not load it early. Bundlers need a literal. */
const SERVER_IMPORT = "import(SERVER)";
const SERVER_LITERAL = 'import("../../server/serve.ts")';

/** A module that a process or thread starts exports its URL. It must be a file of its own. */
const OWN_URL = /^export const \w+: string = import\.meta\.url;$/m;

/** Modules by what starts with them: programs, workers, the quickest command, and the commands that run nothing. */
const STARTS = {
  library: ["mod.ts"],
  worker: ["executors/worker_entry.ts"],
  look: ["cli/main.ts", "cli/commands/status.ts", "backends/text/csv.ts"],
  read: sourcesIn("{cli/commands,backends/text,backends/sqlite}/*.ts")
    .filter((path) => !/\/(?:run|sweep|submit|worker)\.ts$/.test(path)),
};

/** The bundler, as far as it is used. */
interface Rolldown {
  build(options: object): Promise<unknown>;
}

/** The module graph. */
interface Graph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/** Returns the paths of the modules that processes and threads start. */
export function startedModules(): string[] {
  return sourcesIn("{executors,server}/**/*.ts")
    .filter((path) => OWN_URL.test(readFileSync(join(root, path), "utf8")));
}

function sourcesIn(pattern: string): string[] {
  return globSync(pattern, { cwd: root }).map((path) => path.replaceAll("\\", "/")).sort();
}

/**
 * Compiles modules, and all that they import, to JavaScript without comments. Each of the modules is a file of its
 * own; all others are joined in `chunks`, since a file takes longer to load than its code. No module has two copies.
 */
export async function bundle(entries: readonly string[], folder: string): Promise<void> {
  const sources = entries.map((entry) => join(root, entry));
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  let servers = 0;
  await (await rolldown()).build({
    cwd: root,
    input: Object.fromEntries(entries.map((entry) => [entry.replace(/\.ts$/, ""), entry])),
    platform: "node",
    tsconfig: false,
    transform: { target: "es2024" },
    external: new RegExp(`^(?:node:|${Object.keys(dependencies).join("|")})`),
    checks: { ineffectiveDynamicImport: false },
    plugins: [{
      name: "stet",
      resolveId(specifier: string, importer: string | undefined) {
        if (!importer) return undefined;
        const source = resolve(dirname(importer), specifier);
        if (!sources.includes(source)) return undefined;
        return { id: source.replace(/\.ts$/, ".js"), external: "relative" };
      },
      transform(code: string) {
        if (!code.includes(SERVER_IMPORT)) return undefined;
        servers++;
        return code.replace(SERVER_IMPORT, SERVER_LITERAL);
      },
    }],
    output: {
      dir: folder,
      entryFileNames: "[name].js",
      chunkFileNames: "chunks/[name].js",
      comments: false,
      minifyInternalExports: false,
      codeSplitting: { groups: chunkGroups(sources) },
    },
  });
  if (servers !== 1) throw new Error(`Cannot build: ${servers} modules import the server, not 1`);
}

/**
 * Returns the groups of the bundler: modules that the same starts load are a chunk. So no start loads what it does not
 * need, and chunks do not import each other in a circle. A group takes along what its modules import, unless a group
 * before it has that: the modules of most starts come first. What only they load stays with each command.
 *
 * @param files The modules that are files of their own.
 */
function chunkGroups(files: readonly string[]): object[] {
  let loaded: (readonly [start: string, ids: ReadonlySet<string>])[] | undefined;
  return [4, 3, 2, 1].map((count) => ({
    debugName: `of ${count}`,
    name: (id: string, graph: Graph): string | undefined => {
      if (files.includes(id)) return undefined;
      loaded ??= Object.entries(STARTS).map(([start, paths]) => [start, loadedBy(paths, graph)]);
      const starts = loaded.filter(([, ids]) => ids.has(id)).map(([start]) => start);
      const name = starts.length === count ? starts.join("-") : "";
      return name === "" || name === "read" ? undefined : name;
    },
  }));
}

/** Returns the modules that are loaded together with others. */
function loadedBy(paths: readonly string[], graph: Graph): ReadonlySet<string> {
  const found = new Set(paths.map((path) => join(root, path)));
  for (const id of found) {
    for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  }
  return found;
}

/** The bundler is in no manifest that type checkers and programs read, so it is imported by its path. */
async function rolldown(): Promise<Rolldown> {
  const module = new URL("../node_modules/rolldown/dist/index.mjs", import.meta.url);
  if (!existsSync(module)) installOptional(process.env["STET_DENO"] || process.execPath);
  return await import(module.href);
}
