import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { parse } from "yaml";
import { runtimes } from "../runtimes.ts";
import { tempFolder } from "../temp_folder.ts";
import { startCli } from "../workers/cli_process.ts";

/** A JSON schema, of the few kinds that the fixture has. */
type Schema = true | {
  readonly $ref?: string;
  readonly const?: string;
  readonly type?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
};

const root = new URL("../../", import.meta.url);

function read(path: string): string {
  return fs.readFileSync(new URL(path, root), "utf8");
}

const { $defs: types } = JSON.parse(read("tests/fixtures/kubernetes_schema.json")) as {
  readonly $defs: Readonly<Record<string, Schema>>;
};

/** Returns what does not fit, with its path. */
function misfits(value: unknown, schema: Schema, path: string): string[] {
  if (schema === true) return [];
  if (schema.$ref) return misfits(value, types[schema.$ref.replace("#/$defs/", "")]!, path);
  if (schema.const !== undefined) return value === schema.const ? [] : [`${path} is ${value}`];
  const type = Array.isArray(value) ? "array" : typeof value;
  if (type !== schema.type) return [`${path} is of type ${type}, not ${schema.type}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => misfits(item, schema.items ?? true, `${path}[${i}]`));
  }
  if (type !== "object") return [];
  const { properties = {}, required = [], additionalProperties: others = true } = schema;
  const entries = Object.entries(value as object);
  return [
    ...required.filter((name) => !Object.hasOwn(value as object, name))
      .map((name) => `${path}.${name} is missing`),
    ...entries.flatMap(([name, entry]) => {
      const of = Object.hasOwn(properties, name) ? properties[name]! : others;
      return of === false ? [`${path}.${name} is unknown`] : misfits(entry, of, `${path}.${name}`);
    }),
  ];
}

const [job, secret] = ["job", "secret"].map((name) =>
  parse(read(`examples/kubernetes/${name}.yaml`))
);

test("examples/kubernetes fits the published schema", () => {
  assert.deepEqual(misfits(job, types["Job"]!, "job"), []);
  assert.deepEqual(misfits(secret, types["Secret"]!, "secret"), []);
  const wrong = structuredClone(job);
  wrong.spec.completion = 3;
  wrong.spec.template.spec.containers[0].env[0].value = 3;
  delete wrong.spec.template.spec.containers[0].name;
  assert.deepEqual(misfits(wrong, types["Job"]!, "job"), [
    "job.spec.template.spec.containers[0].name is missing",
    "job.spec.template.spec.containers[0].env[0].value is of type number, not string",
    "job.spec.completion is unknown",
  ]);
});

test("examples/kubernetes is an Indexed Job whose pods take the parts of one sweep", async (t) => {
  const { completionMode, completions, parallelism, podFailurePolicy, template } = job.spec;
  const [container] = template.spec.containers;
  const args = container.args as string[];
  assert.equal(completionMode, "Indexed");
  assert(parallelism <= completions);
  assert(args.includes(`--shard=kubernetes/${completions}`));
  const { name, valueFrom: { secretKeyRef } } = container.env[0];
  assert(args.includes(`--store=$(${name})`));
  assert.equal(secretKeyRef.name, secret.metadata.name);
  assert(Object.hasOwn(secret.stringData, secretKeyRef.key));
  assert.equal(podFailurePolicy.rules[1].onExitCodes.containerName, container.name);
  assert.equal(template.spec.restartPolicy, "Never");

  // What a pod runs, with another store and program.
  const folder = tempFolder(t);
  const end = args.indexOf("--");
  const words = args.slice(0, end).map((word) => word.replace("$(STET_STORE)", "runs.csv"))
    .map((word) => word.replace("seed=0..999", "seed=0..99").replace("/tmp/", `${folder}/`));
  const own = runtimes.find(({ command }) => command === process.execPath)!;
  process.env.JOB_COMPLETION_INDEX = "99";
  t.after(() => void delete process.env.JOB_COMPLETION_INDEX);
  const pod = startCli(own, folder, ...words, "--", "echo", ...args.slice(end + 3));
  assert.equal(await pod.ended, 0, pod.err);
  assert.match(pod.err, /^\[stet\] 7 ran, 0 skipped, 0 failed/m);
  const logs = join(folder, "logs");
  const texts = fs.readdirSync(logs).map((file) => fs.readFileSync(join(logs, file), "utf8"));
  assert(texts.includes("--lr=0.1 --seed=99\n"), texts.join(""));
});
