import fs from "node:fs";
import path from "node:path";
import { decodePlan, encodePlan, type SweepPlan } from "../../core/contract/sweep_plan.ts";
import { mergedPlan } from "../../core/grids/merged_plan.ts";
import { poll } from "../../core/runtime/poll.ts";
import { accessBeside, giveAccess } from "../files/side_file.ts";
import { removeFile, storeErrorOf } from "../files/system_error.ts";

/** Age of an unfinished plan file that counts as left by a dead process; writing one takes a millisecond. */
const LEFT_MS = 2000;
/** Pauses while another process writes the file. */
const PAUSES = { minMs: 5, maxMs: 50, timeoutMs: 2 * LEFT_MS };

/**
 * The plans of sweeps next to a file store, a line for each namespace. The file decides nothing, and can be
 * deleted.
 */
export class PlanFile {
  readonly #store: string;
  readonly #path: string;
  /** The plans as they were read last, and the version of the file that they are from. */
  #read = { version: "", plans: [] as readonly SweepPlan[] };

  constructor(store: string) {
    this.#store = store;
    this.#path = `${store}-plan`;
  }

  /** Returns the plans, none if the file cannot be read. */
  plans(): readonly SweepPlan[] {
    try {
      const { ino, size, mtimeMs } = fs.statSync(this.#path);
      const version = `${ino} ${size} ${mtimeMs}`;
      if (version !== this.#read.version) {
        const lines = fs.readFileSync(this.#path, "utf8").split("\n");
        this.#read = { version, plans: lines.flatMap((line) => decodePlan(line) ?? []) };
      }
      return this.#read.plans;
    } catch {
      return [];
    }
  }

  /**
   * Notes a plan. The file is replaced as a whole. Its unfinished successor keeps other processes from writing
   * theirs at the same time; no lock of the store is taken.
   *
   * @throws {StoreError} If it cannot be written.
   */
  async note(plan: SweepPlan): Promise<void> {
    try {
      if (!this.#replace(plan)) await poll(() => this.#replace(plan) || undefined, PAUSES);
    } catch (error) {
      throw storeErrorOf(error, `Cannot write "${this.#path}"`, this.#path);
    }
  }

  /** Replaces the file; false while another process does. */
  #replace(plan: SweepPlan): boolean {
    const file = path.join(path.dirname(this.#path), `.${path.basename(this.#path)}.tmp`);
    let fd: number;
    try {
      fd = fs.openSync(file, "wx");
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
      removeLeft(file);
      return false;
    }
    try {
      try {
        fs.writeFileSync(fd, this.#textWith(plan));
      } finally {
        fs.closeSync(fd);
      }
      if (fs.existsSync(this.#store)) giveAccess(file, accessBeside(this.#store, this.#path));
      fs.renameSync(file, this.#path);
      return true;
    } catch (error) {
      removeFile(file);
      throw error;
    }
  }

  #textWith(plan: SweepPlan): string {
    const { namespace } = plan;
    const plans = this.plans();
    const earlier = plans.find((each) => each.namespace === namespace);
    const others = plans.filter((each) => each.namespace !== namespace);
    return [...others, mergedPlan(earlier, plan)].map((each) => `${encodePlan(each)}\n`).join("");
  }
}

/** Removes the unfinished file of a dead process. */
function removeLeft(file: string): void {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  if (found && Date.now() - found.mtimeMs > LEFT_MS) removeFile(file);
}
