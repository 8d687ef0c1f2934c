import type { Findings } from "../findings.ts";
import { leftoversOf } from "./leftovers_of.ts";
import type { StateFile } from "./state_file.ts";

/**
 * Looks for faults of a store and for files of dead processes, under the lock of the store unless no other
 * process can be there. Without repair, the state file stays as it is.
 *
 * @param look Is given a state file object of its own, and true if that has the lock.
 */
export async function verifyLocked(
  store: StateFile,
  findings: Findings,
  look: (state: StateFile, isLocked: boolean) => void,
): Promise<void> {
  const state = store.another();
  const { isRepair } = findings;
  const lookAround = (isLocked: boolean): void => {
    findings.all.push(...leftoversOf(state.path, isRepair));
    look(state, isLocked);
  };
  try {
    if (isRepair) await state.lock(() => lookAround(true));
    else if (state.exists()) await state.lockToRead(() => lookAround(true));
    else lookAround(false);
  } finally {
    if (isRepair) await state.leave();
    else state.close();
  }
}
