import fs from "node:fs";
import { removeFile } from "../files/system_error.ts";
import type { Findings } from "../findings.ts";
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
    for (const file of state.deadFiles()) {
      const message = `"${file}" is of a process that died while it ran something`;
      findings.add("leftover", message, "removed it", () => {}); // when the state file is left
    }
    const damaged = `${state.path}.unreadable`;
    if (fs.existsSync(damaged)) {
      const message = `"${damaged}" is a state file that was damaged`;
      findings.add("leftover", message, "removed it", () => removeFile(damaged));
    }
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
