import type { Failure } from "../../core/contract/backend.ts";
import { columnsNamed, columnsOf, parseCondition } from "../../core/tools/condition.ts";
import { whereOf } from "../../core/tools/where.ts";
import { NAMESPACE } from "../../core/values/columns.ts";
import { entryOf, type Row, setEntry, type Value } from "../../core/values/value.ts";
import type { Better, Choices, Metric, Param, ViewQuery } from "../view.ts";
import { betterOf, isCase, isCost, isReplicate } from "./better_of.ts";
import { type Cells, cellsOf, groupRows } from "./columns/cells.ts";
import { type Column, type ColumnCounts, keyOf, MAX_NUMBER } from "./columns/column.ts";
import { conditionOf, orAbsent } from "./columns/condition_of.ts";
import { columnMask, type Mask } from "./columns/column_mask.ts";
import type { Columns } from "./columns/columns.ts";
import { labelsOf, nameOf } from "./columns/name_of.ts";
import { type Counted, isLong, type PlacedAxis, shortLabel, viewAxis } from "./view_axis.ts";
import type { ViewClaim, ViewFacts, ViewPlan } from "./view_facts.ts";

/** The name of the durations among metrics. */
export const TOOK = "took";

/** The maximum number of configurations that are kept for another view. */
const MAX_KEPT_CELLS = 65_536;

/** A failure whose params have their defaults. */
export interface SelectedFailure extends Failure {
  /** The params as they were recorded, if they lack a default. */
  readonly recorded?: Row;
}

/** The choices of a query on a store, and the rows that fulfil its condition. */
export class Selection {
  readonly columns: Columns;
  readonly facts: ViewFacts;
  readonly choices: Choices;
  /** The selected rows; undefined: all. */
  readonly mask: Mask | undefined;
  readonly count: number;
  /** The failures and claims that fulfil the condition. */
  readonly failures: readonly SelectedFailure[];
  readonly claims: readonly ViewClaim[];
  /** The plan of the namespace; undefined if its combinations are not known. */
  readonly plan: ViewPlan | undefined;
  /** The columns of the condition. */
  readonly filtered: readonly string[];
  /** The params of configurations that vary among the selected runs. */
  readonly params: readonly string[];
  /** Values that rows without a param have. */
  readonly #defaults: Row;
  readonly #labels: ReadonlyMap<string, string>;
  readonly #domains = new Map<string, readonly Counted[]>();
  readonly #axes = new Map<string, PlacedAxis>();
  readonly #cells = new Map<string, Cells>();
  readonly #parts = new Map<string, Map<Cells, Int32Array>>();
  readonly #grouped: readonly string[] | undefined;
  readonly #hasCondition: boolean;

  /** @throws {TypeError} If a name is unknown or ambiguous. @throws {SyntaxError} If the condition is none. */
  constructor(stored: Columns, query: ViewQuery, facts: ViewFacts) {
    this.facts = facts;
    const namespaces = namespacesOf(stored, facts);
    const namespace = query.namespace ?? namespaces[0]?.name ?? null;
    if (namespace !== null && !namespaces.some(({ name }) => name === namespace)) {
      nameOf(namespace, namespaces.map(({ name }) => name), "namespace");
    }
    const isShared = namespaces.length > 1;
    const own = isShared ? namespaceMask(stored, namespace!) : undefined;
    const inNamespace = (row: Row): boolean =>
      !isShared || String(row[NAMESPACE] ?? "") === namespace;
    this.mask = own;
    this.#hasCondition = false;
    const plans = facts.plans.filter((plan) =>
      plan.namespace === null || plan.namespace === (namespace ?? "")
    );
    this.plan = plans.find(({ factors }) => factors);
    this.#defaults = plans.find(({ defaults }) => defaults)?.defaults ?? {};
    const columns = Object.keys(this.#defaults).length === 0
      ? stored
      : stored.withDefaults(this.#defaults);
    this.columns = columns;
    this.failures = facts.failures.filter(({ params }) => inNamespace(params));
    this.claims = facts.claims.filter(({ params }) => inNamespace(params));
    if (columns !== stored) {
      const whole = (params: Row): Row => withDefaults(params, this.#defaults);
      this.failures = this.failures.map((failure) => ({
        ...failure,
        params: whole(failure.params),
        recorded: failure.params,
      }));
      this.claims = this.claims.map((claim) => ({ ...claim, params: whole(claim.params) }));
    }
    const names = paramNames(columns, this.failures, this.claims, this.plan, own);
    this.#labels = new Map(names.map((name, i) => [name, labelsOf(names)[i]!]));

    // Of all rows, so that the choices do not change with the condition.
    const params = names.map((name): Param => {
      const values = this.#valuesOf(name, true);
      return {
        name,
        label: this.label(name),
        values: values.length,
        numeric: values.length > 0 && values.every(({ value }) => typeof value === "number"),
        constant: values.length === 1 ? shortLabel(values[0]!.value) : null,
      };
    });
    this.#domains.clear();
    const metrics = metricsOf(columns, own, names);
    const texts = columns.results.filter((name) => hasTexts(columns.get(name), own));
    const metric = query.metric === undefined || query.metric === ""
      ? defaultMetric(metrics)
      : metricNamed(query.metric, metrics, names, texts);
    const others = metrics.filter(({ name, constant }) =>
      name !== metric?.name && constant === null
    );
    const over = overOf(query.over, params, texts.length > 0);
    this.#grouped = params.filter(({ name, values }) => values > 1 && !over.includes(name))
      .map(({ name }) => name);

    const where = query.where?.trim() ?? "";
    let filtered: readonly string[] = [];
    const known = [...new Set([...columns.names, ...names])];
    if (where !== "") {
      // Of a store of which nothing is known, no name is wrong.
      const condition = parseCondition(where, known.length > 0 ? known : undefined);
      const test = whereOf(condition);
      this.mask = columnMask(columns, condition);
      if (own) { for (let i = 0; i < own.length; i++) this.mask[i]! &= own[i]!; }
      this.#hasCondition = true;
      // A run that failed has no result.
      filtered = columnsOf(condition);
      const isOfKey = filtered.every((name) => name === NAMESPACE || names.includes(name));
      this.failures = isOfKey ? this.failures.filter(({ params }) => test(params)) : [];
      this.claims = isOfKey ? this.claims.filter(({ params }) => test(params)) : [];
    }
    this.filtered = filtered;
    this.count = this.mask ? this.mask.reduce((sum, each) => sum + each, 0) : columns.length;
    this.choices = {
      metrics,
      metric,
      other: query.other === undefined || query.other === ""
        ? others.find(({ name }) => isCost(name)) ?? others.find(({ name }) => name === TOOK) ??
          others[0] ?? null
        : metricNamed(query.other, metrics, names, texts),
      better: query.better ?? metric?.better ?? "lower",
      better_from: query.better ? "query" : betterOf(metric?.label ?? "") ? "name" : "default",
      params,
      over,
      texts,
      namespaces: namespaces.map(({ name }) => name),
      namespace,
      where,
      agg: query.agg ?? "mean",
    };
    this.params = this.#grouped.filter((name) => this.domain(name).length > 1);
  }

  get better(): Better {
    return this.choices.better;
  }

  /** The sign by which a number of the metric is the better the smaller it is. */
  get sign(): 1 | -1 {
    return this.better === "lower" ? 1 : -1;
  }

  /** The metric by row; undefined if there is none. */
  get numbers(): Float64Array | undefined {
    return this.choices.metric ? numbersOf(this.columns, this.choices.metric.name) : undefined;
  }

  /** The configurations. */
  get cells(): Cells {
    return this.cellsBy([], this.choices.metric);
  }

  /** Returns the label of a param. */
  label(name: string): string {
    return this.#labels.get(name) ?? name;
  }

  /** Returns the configurations, split by further params. */
  cellsBy(more: readonly string[], metric: Metric | null): Cells {
    const params = [...new Set([...this.#grouped!, ...more])];
    const key = JSON.stringify([params, metric?.name]);
    let cells = this.#cells.get(key);
    if (!cells) {
      const make = (): Cells => {
        const numbers = metric ? numbersOf(this.columns, metric.name) : undefined;
        return cellsOf(this.columns, params, this.mask, numbers);
      };
      // Other choices of all runs need the same ones again.
      const isKept = !this.mask && groupRows(this.columns, params).count <= MAX_KEPT_CELLS;
      cells = isKept ? this.columns.once(`cells ${key}`, make) : make();
      this.#cells.set(key, cells);
    }
    return cells;
  }

  /** Returns the values of a param in the selected runs, and in the plan if there is no condition. */
  domain(name: string): readonly Counted[] {
    let domain = this.#domains.get(name);
    if (!domain) this.#domains.set(name, domain = this.#valuesOf(name, !this.#hasCondition));
    return domain;
  }

  /** Returns the axis of a param. */
  axis(name: string): PlacedAxis {
    let axis = this.#axes.get(name);
    if (!axis) {
      axis = viewAxis(name, this.label(name), this.domain(name));
      const byDefault = entryOf(this.#defaults, name);
      if (byDefault !== undefined) axis = withAbsent(axis, axis.partOf(byDefault));
      this.#axes.set(name, axis);
    }
    return axis;
  }

  /** Returns a value of a param as people read it, and its condition; the middle of a long text is left out. */
  shown(
    name: string,
    value: Value | undefined,
  ): { readonly label: string; readonly where: string } {
    const part = isLong(value) ? this.axis(name).partOf(value) : -1;
    const own = conditionOf(name, value);
    const byDefault = entryOf(this.#defaults, name);
    const isDefault = value !== undefined && byDefault !== undefined &&
      keyOf(value) === keyOf(byDefault);
    const where = this.axis(name).axis.parts[part]?.where ??
      (isDefault ? orAbsent(name, own) : own);
    return { label: shortLabel(value), where };
  }

  /** Returns the part of each cell on the axis of a param. */
  partsOf(cells: Cells, name: string): Int32Array {
    let parts = this.#parts.get(name);
    if (!parts) this.#parts.set(name, parts = new Map());
    let found = parts.get(cells);
    if (!found) parts.set(cells, found = this.#makeParts(cells, name));
    return found;
  }

  #makeParts(cells: Cells, name: string): Int32Array {
    const { partOf } = this.axis(name);
    const parts = new Int32Array(cells.count);
    const column = this.columns.get(name);
    if (!column || column.long) return parts.fill(partOf(undefined));
    const { codes, values } = column.coded();
    const table = new Int32Array(values.length).fill(-2);
    for (let cell = 0; cell < cells.count; cell++) {
      const code = codes[cells.first[cell]!]!;
      if (table[code] === -2) table[code] = partOf(values[code]);
      parts[cell] = table[code]!;
    }
    return parts;
  }

  /** Counts the selected rows by the codes of a column. */
  #rowsOf(name: string, codes: ArrayLike<number>, count: number): Float64Array {
    const counts = new Float64Array(count);
    if (this.#grouped?.includes(name)) {
      const { first, rows } = this.cells;
      for (let cell = 0; cell < first.length; cell++) counts[codes[first[cell]!]!]! += rows[cell]!;
      return counts;
    }
    const { length } = this.columns;
    for (let i = 0; i < length; i++) if (this.mask![i] === 1) counts[codes[i]!]!++;
    return counts;
  }

  #valuesOf(name: string, withPlan: boolean): readonly Counted[] {
    const { columns, mask } = this;
    const counted = new Map<unknown, { value: Value | undefined; rows: number }>();
    const add = (value: Value | undefined, rows: number): void => {
      const key = value === undefined ? value : keyOf(value);
      const found = counted.get(key);
      if (found) found.rows += rows;
      else counted.set(key, { value, rows });
    };
    const column = columns.get(name);
    if (column && !column.long) {
      const { codes, values, rows } = column.coded();
      const counts = mask ? this.#rowsOf(name, codes, values.length) : rows;
      for (const [code, rows] of counts.entries()) if (rows > 0) add(values[code], rows);
    }
    for (const { params } of [...this.failures, ...this.claims]) {
      if (Object.hasOwn(params, name)) add(params[name], 0);
    }
    if (withPlan) { for (const value of planValues(this.plan, name)) add(value, 0); }
    return [...counted.values()];
  }
}

/** True if a column has a text in the runs of a mask. */
function hasTexts(column: Column | undefined, own: Mask | undefined): boolean {
  if (!column || column.counts.texts === 0) return false;
  if (!own || column.long) return true; // long ones are not read for this
  return own.some((isOwn, row) => isOwn === 1 && typeof column.at(row) === "string");
}

/** Returns a metric by row; what has no place in a figure is NaN or infinite. */
export function numbersOf(columns: Columns, metric: string): Float64Array {
  if (metric === TOOK) return columns.took;
  return columns.once(`numbers ${metric}`, () => {
    const column = columns.get(metric);
    if (!column) return new Float64Array(columns.length).fill(NaN);
    const numbers = column.toNumbers();
    const isTooLarge = (it: number): boolean => Math.abs(it) > MAX_NUMBER && Number.isFinite(it);
    if (column.counts.left_out === 0 || !numbers.some(isTooLarge)) return numbers;
    return numbers.map((it) => isTooLarge(it) ? NaN : it);
  });
}

/** Returns an axis of which the condition of a part holds for rows of the store that lack the param, too. */
function withAbsent({ axis, partOf }: PlacedAxis, part: number): PlacedAxis {
  const parts = axis.parts.map((each, i) =>
    i !== part || each.where === null ? each : { ...each, where: orAbsent(axis.name, each.where) }
  );
  return { axis: { ...axis, parts }, partOf };
}

/** Returns params with the defaults of those that are absent. */
function withDefaults(params: Row, defaults: Row): Row {
  const absent = Object.keys(defaults).filter((name) => !Object.hasOwn(params, name));
  if (absent.length === 0) return params;
  const whole = { ...params };
  for (const name of absent) setEntry(whole, name, defaults[name]!);
  return whole;
}

/** Returns the values that the plan has of a param. */
function planValues(plan: ViewPlan | undefined, name: string): Value[] {
  return (plan?.factors ?? []).flatMap(({ names, parts }) =>
    names.includes(name)
      ? parts.flatMap((part) => Object.hasOwn(part, name) ? [part[name]!] : [])
      : []
  );
}

/** Returns the namespaces, that with the most rows first; none if no row has one. */
function namespacesOf(
  columns: Columns,
  { failures, claims }: ViewFacts,
): readonly { readonly name: string; readonly rows: number }[] {
  const counts = new Map<string, number>();
  const column = columns.get(NAMESPACE);
  if (column && !column.long) {
    const { values, rows } = column.coded();
    for (const [code, value] of values.entries()) {
      if (rows[code]! > 0) counts.set(String(value ?? ""), rows[code]!);
    }
  } else if (!column && columns.length > 0) counts.set("", columns.length);
  for (const { params } of [...failures, ...claims]) {
    const name = params[NAMESPACE];
    if (name !== undefined && !counts.has(String(name))) counts.set(String(name), 0);
  }
  if (counts.size === 1 && counts.has("")) return [];
  return [...counts].map(([name, rows]) => ({ name, rows })).sort((a, b) => b.rows - a.rows);
}

function namespaceMask(columns: Columns, namespace: string): Mask {
  const mask = new Uint8Array(columns.length);
  const column = columns.get(NAMESPACE);
  if (!column) return mask.fill(namespace === "" ? 1 : 0);
  if (column.long) return mask;
  const { codes, values } = column.coded();
  const table = Uint8Array.from(values, (value) => Number(String(value ?? "") === namespace));
  for (let i = 0; i < mask.length; i++) mask[i] = table[codes[i]!]!;
  return mask;
}

/** Returns the params of rows, failures, claims and the plan. */
function paramNames(
  columns: Columns,
  failures: readonly Failure[],
  claims: readonly ViewClaim[],
  plan: ViewPlan | undefined,
  own: Mask | undefined,
): string[] {
  const ofRows = columns.params.filter((name) => {
    const column = columns.get(name);
    if (!own || !column || column.long) return true;
    const { codes } = column.coded();
    return own.some((isOwn, i) => isOwn === 1 && codes[i] !== 0);
  });
  const names = new Set(ofRows);
  for (const { names: each } of plan?.factors ?? []) {
    for (const name of each) names.add(name);
  }
  for (const { params } of [...failures, ...claims]) {
    for (const name of Object.keys(params)) if (name !== NAMESPACE) names.add(name);
  }
  return [...names];
}

/** Returns the results that are numbers or booleans, and durations. */
function metricsOf(
  columns: Columns,
  own: Mask | undefined,
  params: readonly string[],
): Metric[] {
  const names = columns.results.filter((name) => (columns.get(name)?.counts.numbers ?? 0) > 0);
  const labels = labelsOf(names, [...params, TOOK]);
  const metrics = names.map((name, i): Metric => {
    const { counts } = columns.get(name)!;
    return metricOf(
      name,
      labels[i]!,
      own ? countsIn(numbersOf(columns, name), columns.length, own) : counts,
    );
  });
  const { took } = columns.times;
  if (took.numbers > 0) {
    metrics.push(metricOf(TOOK, TOOK, own ? countsIn(columns.took, columns.length, own) : took));
  }
  return metrics.filter(({ numbers }) => numbers > 0);
}

type Counts = Pick<ColumnCounts, "numbers" | "left_out" | "least" | "most">;

function metricOf(name: string, label: string, counts: Counts): Metric {
  const { numbers, left_out, least, most } = counts;
  const constant = numbers > 0 && least === most ? least : null;
  return { name, label, better: betterOf(label) ?? "higher", numbers, left_out, constant };
}

/** Counts numbers; absent ones are NaN too, and none. */
function countsIn(numbers: Float64Array, length: number, mask: Mask | undefined): Counts {
  const counts: Counts = { numbers: 0, left_out: 0, least: Infinity, most: -Infinity };
  for (let i = 0; i < length; i++) {
    if (mask?.[i] === 0) continue;
    const number = numbers[i]!;
    if (!Number.isFinite(number)) continue;
    counts.numbers++;
    if (number < counts.least) counts.least = number;
    if (number > counts.most) counts.most = number;
  }
  return counts;
}

/** Returns the first metric that varies, a cost only if there is no other. */
function defaultMetric(metrics: readonly Metric[]): Metric | null {
  const varying = metrics.filter(({ constant }) => constant === null);
  const own = varying.find(({ name, label }) => name !== TOOK && !isCost(label));
  return own ?? varying[0] ?? metrics[0] ?? null;
}

function metricNamed(
  name: string,
  metrics: readonly Metric[],
  params: readonly string[],
  texts: readonly string[],
): Metric {
  const known = metrics.map((metric) => metric.name);
  const what = params.includes(name)
    ? "a param"
    : columnsNamed(name, texts).length > 0
    ? "a text"
    : "";
  if (what !== "" && columnsNamed(name, known).length === 0) {
    throw new TypeError(
      `Cannot use "${name}" as metric: it is ${what}; results with numbers are ${known.join(", ")}`,
    );
  }
  const found = nameOf(name, known, "metric");
  return metrics.find((metric) => metric.name === found)!;
}

/** Returns the params that are averaged over. */
function overOf(text: string | undefined, params: readonly Param[], hasText: boolean): string[] {
  const names = params.map(({ name }) => name);
  if (text !== undefined) {
    const given = text.split(",").map((name) => name.trim()).filter((name) => name !== "");
    return [...new Set(given.map((name) => nameOf(name, names, "a param to average over")))];
  }
  const over = params.filter(({ name, values }) =>
    isReplicate(name) || hasText && isCase(name, values)
  ).map(({ name }) => name);
  const isWhole = params.every(({ name, values }) => values < 2 || over.includes(name));
  return isWhole ? [] : over;
}
