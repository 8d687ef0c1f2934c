import { parseJson } from "../values/json.ts";
import { decodeJsonRow, encodeJsonRow } from "../values/json_row.ts";
import { isPlainObject, type Row } from "../values/value.ts";

/**
 * Params that change together, with their values: a factor of a grid.
 *
 * @internal
 */
export interface PlannedFactor {
  readonly names: readonly string[];
  readonly parts: readonly Row[];
}

/**
 * The combinations that a sweep was asked for, as it notes them in its store.
 *
 * @internal
 */
export interface SweepPlan {
  /** The namespace of its function; empty if it has none. */
  readonly namespace: string;
  /** Name of its function or program. */
  readonly label: string;
  /** Number of combinations. */
  readonly count: number;
  /** Each combination is one part of every factor; null if they are too many to be noted. */
  readonly factors: readonly PlannedFactor[] | null;
  /** Places of the combinations among all those of the factors. Null: every place. */
  readonly places: readonly number[] | null;
  /** Values that rows without a param count as having. Default: none. */
  readonly defaults?: Row;
  /** Number of shards, each of which has every so many-th combination. Default: the sweep has none. */
  readonly shards?: number;
  /** The command that began the newest sweep of all combinations, without secrets. */
  readonly command: string;
  /** Time of its begin, ISO 8601 in UTC. */
  readonly time: string;
}

/** Version of the text. */
const VERSION = 1;

/** Encodes a plan as JSON, on one line. Its parts are rows as they are on the wire. */
export function encodePlan({ factors, defaults, ...rest }: SweepPlan): string {
  const texts = factors?.map(({ names, parts }) =>
    `{"names":${JSON.stringify(names)},"parts":[${parts.map(encodeJsonRow).join(",")}]}`
  );
  return `{"version":${VERSION},"factors":${texts ? `[${texts.join(",")}]` : null},` +
    (defaults ? `"defaults":${encodeJsonRow(defaults)},` : "") +
    JSON.stringify(rest).slice(1);
}

/** Decodes a plan; undefined if the text is none, or one of a newer version. */
export function decodePlan(text: string): SweepPlan | undefined {
  try {
    return readPlan(parseJson(text));
  } catch {
    return undefined; // it never decides what is done
  }
}

/** Returns a parsed plan; undefined if it is none, or one of a newer version. */
export function readPlan(value: unknown): SweepPlan | undefined {
  if (!isPlainObject(value) || value["version"] !== VERSION) return undefined;
  const { namespace, label, count, factors, places, defaults, shards, command, time } = value;
  const isWhole = Number.isSafeInteger(count) && Number(count) >= 0;
  const areTexts = [namespace, label, command, time].every((each) => typeof each === "string");
  const hasFactors = factors === null || Array.isArray(factors) && factors.every(isFactor);
  const hasPlaces = places === null ||
    Array.isArray(places) && places.every((each) => Number.isSafeInteger(each));
  const hasDefaults = defaults === undefined || isPlainObject(defaults);
  const hasShards = shards === undefined || Number.isSafeInteger(shards) && Number(shards) >= 1;
  if (!isWhole || !areTexts || !hasFactors || !hasPlaces || !hasDefaults || !hasShards) {
    return undefined;
  }
  if (Array.isArray(factors)) {
    const all = (factors as readonly PlannedFactor[])
      .reduce((product, { parts }) => product * parts.length, 1);
    const isWithin = !Array.isArray(places) || places.every((place) => place >= 0 && place < all);
    if (count !== (Array.isArray(places) ? places.length : all) || !isWithin) return undefined;
  }
  const { version: _, ...plan } = value as unknown as SweepPlan & { readonly version: number };
  return {
    ...plan,
    factors:
      plan.factors?.map(({ names, parts }) => ({ names, parts: parts.map(decodeJsonRow) })) ??
        null,
    ...plan.defaults && { defaults: decodeJsonRow(plan.defaults) },
  };
}

function isFactor(value: unknown): boolean {
  return isPlainObject(value) && Array.isArray(value["names"]) && Array.isArray(value["parts"]) &&
    value["names"].every((name) => typeof name === "string") &&
    value["parts"].every((part) => isPlainObject(part));
}

/** Returns the plan of the newest sweep. */
export function newestPlan(plans: readonly SweepPlan[]): SweepPlan | undefined {
  return plans.reduce<SweepPlan | undefined>(
    (newest, plan) => newest && newest.time >= plan.time ? newest : plan,
    undefined,
  );
}
