import type { Finding, FindingKind } from "../core/contract/engine.ts";

/** The findings of one verification, each repaired as it is found if that was asked for. */
export class Findings {
  readonly all: Finding[] = [];
  /** True if findings are repaired. */
  readonly isRepair: boolean;

  constructor(isRepair: boolean) {
    this.isRepair = isRepair;
  }

  /** Adds a finding that a body repairs; `repaired` says how. */
  add(kind: FindingKind, message: string, repaired: string, repair: () => void): void {
    this.all.push({ kind, message, repaired: this.isRepair ? repaired : undefined });
    if (this.isRepair) repair();
  }

  /** Adds what cannot be read, and cannot be repaired. */
  addUnreadable(errors: Iterable<Error>): void {
    for (const { message } of errors) {
      this.all.push({ kind: "unreadable", message, repaired: undefined });
    }
  }
}
