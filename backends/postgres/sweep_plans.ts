import { decodePlan, encodePlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import { mergedPlan } from "../../core/grids/merged_plan.ts";
import { decodeNote, encodeNote } from "../state/failures.ts";
import type { Connections } from "./connection/connections.ts";
import type { Query, TableNames } from "./layout.ts";
import { lockTables } from "./table_changes.ts";

/** The plans of sweeps over a store: a table next to those of claims, with a row for each namespace. */
export class SweepPlans {
  readonly #connections: Connections;
  readonly #names: TableNames;
  #isThere = false;

  constructor(connections: Connections, names: TableNames) {
    this.#connections = connections;
    this.#names = names;
  }

  /** Returns the plans; none while nothing has made the table. */
  async plans(): Promise<readonly SweepPlan[]> {
    if (!this.#isThere) {
      const { rows } = await this.#connections.query("SELECT to_regclass($1) IS NOT NULL", [
        this.#names.plans,
      ]);
      this.#isThere = rows[0]![0] === "t";
      if (!this.#isThere) return [];
    }
    const { rows } = await this.#connections.query(
      `SELECT plan FROM ${this.#names.plans} WHERE store = $1 ORDER BY namespace`,
      [this.#names.store],
    );
    return rows.flatMap(([plan]) => decodePlan(decodeNote(plan as string)) ?? []);
  }

  /** Notes a plan. */
  async note(plan: SweepPlan): Promise<void> {
    const { plans, store } = this.#names;
    const namespace = encodeNote(plan.namespace);
    if (!this.#isThere) await this.#make();
    await this.#connections.transaction(async (query) => {
      const { rows: [found] } = await query(
        `SELECT plan FROM ${plans} WHERE store = $1 AND namespace = $2 FOR UPDATE`,
        [store, namespace],
      );
      const earlier = found && decodePlan(decodeNote(found[0] as string));
      await query(
        `INSERT INTO ${plans} (store, namespace, plan) VALUES ($1, $2, $3)
         ON CONFLICT (store, namespace) DO UPDATE SET plan = excluded.plan`,
        [store, namespace, encodeNote(encodePlan(mergedPlan(earlier, plan)))],
      );
    });
  }

  async #make(): Promise<void> {
    const { rows } = await this.#connections.query("SELECT to_regclass($1) IS NOT NULL", [
      this.#names.plans,
    ]);
    if (rows[0]![0] !== "t") {
      await this.#connections.transaction(async (query: Query) => {
        await lockTables(query, this.#names);
        await query(
          `CREATE TABLE IF NOT EXISTS ${this.#names.plans} (store text NOT NULL,
             namespace text NOT NULL, plan text NOT NULL, PRIMARY KEY (store, namespace))`,
        );
      });
    }
    this.#isThere = true;
  }
}
