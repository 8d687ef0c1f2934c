import type { Failure } from "../../core/contract/backend.ts";
import { tellingLine } from "../../core/display/telling_line.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import type { Row } from "../../core/values/value.ts";
import type { FailedRun, FailureGroup, Named } from "../view.ts";
import { keyOf as valueKey } from "./columns/column.ts";
import type { SelectedFailure, Selection } from "./selection.ts";
import { shortLabel } from "./view_axis.ts";

/** The maximum numbers of groups, and of runs of each. */
const MAX_GROUPS = 20;
const MAX_RUNS = 5;
/** The maximum length of a line, of a stack, of all stacks and of all keys. */
const MAX_LINE = 500;
const MAX_STACK = 2000;
const MAX_STACKS = 40_000;
const MAX_KEYS = 20_000;
/** The minimum number of failures that have a value, their share of the group, and its lift. */
const MIN_COUNT = 2;
const MIN_SHARE = 0.5;
const MIN_LIFT = 1.5;
/** The maximum number of values named. */
const MAX_CONCENTRATED = 3;

/** How a program ended, before the line that says why. */
const ENDING = /^[^\n]{0,200}?(?:exited with code -?\d+|was killed by SIG\w+)(?:: )?/;
/** The line that names the file of a program's output. */
const OUTPUT = /\nIts output: [^\n]*$/;
/** Numbers, also with units, hexadecimal addresses and ids. */
const NUMBERS =
  /\b0x[\da-f]+\b|\b[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}\b|\b(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{8,}\b|[-+]?(?:\d+(?:[.,]\d+)*|\.\d+)(?:e[-+]?\d+)?/gi;

/** Returns the line of an error that says what went wrong. */
export function failureLine(text: string): string {
  const error = text.replace(OUTPUT, "");
  const [ending = ""] = ENDING.exec(error) ?? [];
  const [first = ""] = error.slice(ending.length).split("\n");
  const isStack = /^Traceback \(most recent call last\):/.test(first);
  const line = isStack ? tellingLine(error) : first.trim() || ending || tellingLine(error);
  return line.trim().slice(0, MAX_LINE);
}

/** Returns a line with # for numbers and ids. */
export function failureKind(line: string): string {
  return line.replace(NUMBERS, "#");
}

/** Returns the failures in groups, the largest first. */
export function failureGroups(selection: Selection): FailureGroup[] {
  const groups = new Map<string, { line: string; failures: SelectedFailure[] }>();
  for (const failure of selection.failures) {
    const line = failureLine(failure.error);
    const kind = failureKind(line);
    const group = groups.get(kind);
    if (group) {
      group.failures.push(failure);
      if (group.line !== line) group.line = kind;
    } else groups.set(kind, { line, failures: [failure] });
  }
  const tried = triedValues(selection);
  const listed = Math.min(MAX_GROUPS, groups.size);
  const stackLength = Math.min(MAX_STACK, Math.floor(MAX_STACKS / (listed * MAX_RUNS)));
  const keyLength = MAX_KEYS / listed;
  return [...groups].sort(([, a], [, b]) => b.failures.length - a.failures.length)
    .slice(0, MAX_GROUPS).map(([kind, { line, failures }]) => {
      const newest = failures.toSorted((a, b) => a.time < b.time ? 1 : a.time > b.time ? -1 : 0);
      return {
        kind,
        line,
        count: failures.length,
        first: newest.at(-1)!.time,
        last: newest[0]!.time,
        concentrated: concentrated(selection, failures, tried),
        runs: withinLength(
          newest.slice(0, MAX_RUNS).map((failure) => failedRun(selection, failure, stackLength)),
          keyLength,
        ),
      };
    });
}

/** Returns the first of some runs, at least one, whose keys together have no more than a length. */
export function withinLength<T extends { readonly key: string }>(
  runs: readonly T[],
  length: number,
): T[] {
  let left = length;
  return runs.filter(({ key }, i) => (left -= key.length) >= 0 || i === 0);
}

function failedRun(
  selection: Selection,
  { params, recorded, time, attempt, stack }: SelectedFailure,
  stackLength: number,
): FailedRun {
  return {
    params: namedOf(selection, params),
    time,
    attempt,
    stack: stack.length > stackLength ? `${stack.slice(0, stackLength)}…` : stack,
    key: keyOf(keyShape(undefined), recorded ?? params).text,
  };
}

/** Returns params as people read them, in the order of the store. */
export function namedOf(selection: Selection, params: Row): Named[] {
  const known = selection.choices.params.map(({ name }) => name);
  const has = (name: string): boolean => name !== NAMESPACE && Object.hasOwn(params, name);
  return [...new Set([...known, ...Object.keys(params)])].filter(has)
    .map((name) => ({ name: selection.label(name), value: shortLabel(params[name]) }));
}

type Tried = ReadonlyMap<string, ReadonlyMap<unknown, number>>;

/** Counts the runs that ended, failed ones too, by the values of each param that varies. */
function triedValues(selection: Selection): Tried {
  const names = selection.choices.params.filter(({ values }) => values > 1).map(({ name }) => name);
  return new Map(names.map((name) => {
    const counts = new Map<unknown, number>(
      selection.domain(name).map((
        { value, rows },
      ) => [value === undefined ? value : valueKey(value), rows]),
    );
    for (const { params } of selection.failures) {
      if (!Object.hasOwn(params, name)) continue;
      const key = valueKey(params[name]!);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return [name, counts];
  }));
}

/** Returns the values that most of a group has, and that other runs have more rarely. */
function concentrated(
  selection: Selection,
  failures: readonly Failure[],
  tried: Tried,
): FailureGroup["concentrated"] {
  const all = selection.count + selection.failures.length;
  return [...tried].flatMap(([name, runs]) => {
    const counts = new Map<unknown, { value: Row[string]; count: number }>();
    for (const { params } of failures) {
      if (!Object.hasOwn(params, name)) continue;
      const value = params[name]!;
      const key = valueKey(value);
      const found = counts.get(key);
      if (found) found.count++;
      else counts.set(key, { value, count: 1 });
    }
    return [...counts].map(([key, { value, count }]) => ({
      name: selection.label(name),
      value: shortLabel(value),
      count,
      of: failures.length,
      lift: count / failures.length / ((runs.get(key) ?? count) / all),
    }));
  }).filter(({ count, of, lift }) =>
    count >= MIN_COUNT && count / of >= MIN_SHARE && lift >= MIN_LIFT
  ).sort((a, b) => b.count * Math.log(b.lift) - a.count * Math.log(a.lift))
    .slice(0, MAX_CONCENTRATED).map(({ lift: _, ...rest }) => rest);
}
