import { Fingerprint } from "../keys/fingerprint.ts";
import type { Plan } from "./target.ts";

/** Returns the fingerprint of a run among those of a sweep. */
export function fingerprintOf({ key, identity }: Plan): Fingerprint {
  return identity === undefined ? key.fingerprint : new Fingerprint().begin().text(identity).end();
}
