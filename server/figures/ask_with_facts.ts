import { createHash } from "node:crypto";
import { factsMark } from "../../figures/data/store_facts.ts";
import type { ViewFacts } from "../../figures/data/view_facts.ts";
import type { SentFacts } from "./figures_thread.ts";

/** The maximum length of an error and of a stack that are sent. */
const MAX_ERROR = 4000;

/** Sends a request with facts of a store. The thread keeps what is large of them until they change. */
export async function askWithFacts(
  { failures, claims, plans, ...others }: ViewFacts,
  ask: (sent: SentFacts) => Promise<string | undefined>,
): Promise<string> {
  const large = { failures, claims, plans };
  const key = createHash("sha256").update(factsMark({ ...large, ...others })).digest("base64url");
  return await ask({ others, key }) ?? await ask({
    others,
    key,
    large: {
      ...large,
      failures: failures.map((failure) => ({
        ...failure,
        error: failure.error.slice(0, MAX_ERROR),
        stack: failure.stack.slice(0, MAX_ERROR),
      })),
    },
  }) ?? "";
}
