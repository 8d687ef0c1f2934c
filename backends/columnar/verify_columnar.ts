import type { Finding } from "../../core/contract/engine.ts";
import { repeatedFinding } from "../../core/contract/repeated_finding.ts";
import { FormatError } from "../../core/errors.ts";
import { removeFile } from "../files/system_error.ts";
import { Findings } from "../findings.ts";
import { isReadable, verifyLog } from "../log/verify_log.ts";
import { verifyLocked } from "../state/verify_locked.ts";
import type { ColumnarFiles } from "./columnar_files.ts";
import type { Compactor } from "./compactor.ts";
import { unfinishedFiles } from "./new_file.ts";

/** Returns the faults of a store and of the files next to it. */
export async function verifyColumnar(
  files: ColumnarFiles,
  compactor: Compactor,
  repair: boolean,
): Promise<readonly Finding[]> {
  const findings = new Findings(repair);
  try {
    await files.base.catchUp();
    await files.base.readAll();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.addUnreadable([error]);
    return findings.all;
  }
  const wasReadable = isReadable(files.delta);
  let isLeft = false; // the delta of a process that died
  await verifyLocked(files.claims.state, findings, (state, isLocked) => {
    const isAlone = !isLocked || (repair ? !state.departUnlessAlone() : state.isAlone());
    // Else other processes compact.
    const unfinished = isAlone && !compactor.running ? unfinishedFiles(files.path) : [];
    for (const file of unfinished) {
      const message = `"${file}" was left by a process that died`;
      findings.add("leftover", message, "removed it", () => removeFile(file));
    }
    verifyLog(files.delta, findings, wasReadable);
    isLeft = isAlone && !files.hasWritten && files.delta.rowCount > 0;
  });
  if (isLeft) {
    const message = `"${files.deltaPath}" has rows of a process that died before it compacted them`;
    findings.add("leftover", message, `compacted them into "${files.path}"`, () => {});
  }
  if (!repair) return findings.all;
  if (isLeft) await compactor.compact();
  if (files.base.opened && (await files.base.repeats()).length > 0) {
    findings.all.push(repeatedFinding(await compactor.compact({ gone: "repeats" }), true));
  }
  return findings.all;
}
