import type { Backend, OpenOptions } from "../core/contract/backend.ts";
import { StoreError } from "../core/errors.ts";

/**
 * Opens no store yet: it says so.
 *
 * @throws {StoreError} Always.
 */
export function open(location: string, _options: OpenOptions): Backend {
  const shown = location.replace(/\/\/[^@/]*@/, "//…@"); // no password in messages
  throw new StoreError(
    `Cannot open store "${shown}": PostgreSQL is not supported yet; use sqlite:///path or a file`,
  );
}
