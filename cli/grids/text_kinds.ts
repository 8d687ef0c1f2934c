import { nearestName } from "../../core/values/nearest_name.ts";
import type { TextKind } from "../../core/values/text_value.ts";
import { UsageError } from "../usage_error.ts";

/** Names with the kind of their values, as `--text` and `--number` decide it by hand. */
export class TextKinds {
  readonly #kinds = new Map<string, TextKind>();

  /** @throws {UsageError} If a name is given to both. */
  constructor(values: { readonly [kind in TextKind]?: readonly string[] }) {
    for (const kind of ["text", "number"] as const) {
      for (const name of values[kind] ?? []) {
        if ((this.#kinds.get(name) ?? kind) !== kind) {
          throw new UsageError(`"${name}" is in --text and in --number; name it in one`);
        }
        this.#kinds.set(name, kind);
      }
    }
  }

  /** Returns the kind of a name's values; undefined if it is not decided by hand. */
  readonly of = (name: string): TextKind | undefined => this.#kinds.get(name);

  /** @throws {UsageError} If a name is none of those known; names the nearest. */
  checkNames(known: readonly string[]): void {
    for (const [name, kind] of this.#kinds) {
      if (known.includes(name)) continue;
      const nearest = nearestName(name, known);
      throw new UsageError(
        `--${kind} names "${name}", which is not there` +
          (nearest === undefined
            ? `: there is ${known.join(", ")}`
            : `; did you mean "${nearest}"?`),
      );
    }
  }
}
