import { counted } from "../../core/display/counted.ts";
import fs from "node:fs";
import path from "node:path";
import { diskOf } from "../../backends/files/network_folder.ts";
import { engineOf } from "../../core/contract/adapted_backend.ts";
import { MACHINES_SHARE } from "../../core/contract/machines_share.ts";
import { isKnown } from "../../core/contract/open_existing.ts";
import { statusOf } from "../../core/contract/status_of.ts";
import { messageOf } from "../../core/errors.ts";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import type { HeldKey } from "../../core/contract/backend.ts";
import { VERSION } from "../../core/runtime/version.ts";
import { closeAfter } from "../../core/runtime/close_after.ts";
import { shownLocation } from "../../core/runtime/shown_location.ts";
import { registry } from "../registry.ts";
import type { Check } from "./check.ts";

/** Looks at a store: its rows and claims, its disk, and if locks work next to it. Changes nothing in it. */
export async function checkStore(store: string): Promise<Check[]> {
  const name = shownLocation(store);
  try {
    const engine = engineOf(await registry.open(store, { warn: () => {} }));
    return await closeAfter(async () => {
      const { location } = engine;
      const checks: Check[] = [];
      if (await isKnown(engine)) {
        const { count, failed } = await statusOf(engine);
        const rows = `${counted(count, "row")}, ${failed} failed and have not succeeded since`;
        checks.push({ name: "store", text: `${name}: ${rows}`, ok: true });
        const held = await engine.held();
        const holders = [...new Set(held.map(holderText))];
        const claims = held.length === 0
          ? "nothing runs"
          : `${held.length} under way: ${holders.slice(0, 3).join(", ")}` +
            (holders.length > 3 ? `, and ${holders.length - 3} more` : "");
        checks.push({ name: "runs", text: claims, ok: true }, ...checkVersions(held));
      } else {
        checks.push({ name: "store", text: `${name}: it is made by the first run`, ok: true });
      }
      if (path.isAbsolute(location)) {
        checks.push(checkDisk(location), await checkLocks(path.dirname(location)));
      }
      return checks;
    }, () => engine.close());
  } catch (error) {
    return [{ name: "store", text: messageOf(error), ok: false }];
  }
}

function holderText({ holder, version }: HeldKey): string {
  return version === undefined ? holder : `${holder} (stet ${version})`;
}

/** Looks for other versions of stet among the holders of runs. */
function checkVersions(held: readonly HeldKey[]): Check[] {
  const found = new Set(held.map(({ version = VERSION }) => version));
  found.delete(VERSION);
  if (found.size === 0) return [];
  const text = `stet ${[...found].join(", ")} runs on it too, this is ${VERSION}; use one version`;
  return [{ name: "versions", text, ok: true }];
}

function checkDisk(location: string): Check {
  const { name = "of an unknown kind", isNetwork } = diskOf(path.dirname(location));
  if (!isNetwork) return { name: "disk", text: name, ok: true };
  return {
    name: "disk",
    text: `${name}, a network file system, where locks cannot be relied on; ${MACHINES_SHARE}`,
    ok: false,
  };
}

/** Claims and records a run in a store of its own in the same folder. */
async function checkLocks(folder: string): Promise<Check> {
  let own: string | undefined;
  try {
    own = fs.mkdtempSync(path.join(folder, ".stet-doctor-"));
    const start = performance.now();
    const engine = engineOf(await registry.open(path.join(own, "runs.csv"), { warn: () => {} }));
    await closeAfter(async () => {
      const answer = await engine.claim(keyOf(keyShape(["n"]), { n: 1 }));
      if (answer.state !== "claimed") throw new Error(`a new key is ${answer.state}`);
      await answer.claim.record({ n: 1 });
    }, () => engine.close());
    const ms = Math.ceil(performance.now() - start);
    return { name: "locks", text: `a run is claimed and recorded in ${ms} ms`, ok: true };
  } catch (error) {
    return { name: "locks", text: messageOf(error), ok: false };
  } finally {
    if (own !== undefined) fs.rmSync(own, { recursive: true, force: true });
  }
}
