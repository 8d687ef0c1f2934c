/**
 * Everything to write a backend with: the contract, and the functions that match rows and spell values as stet
 * does. docs/backends.md is the guide.
 *
 * @module
 */
export type { Key, KeyShape } from "../keys/key.ts";
export { keyOf, keyShape } from "../keys/key.ts";
export type { Row, Value } from "../values/value.ts";
export { readCell, writeCell } from "../values/cell.ts";
export type {
  Backend,
  BackendModule,
  Claim,
  ClaimAnswer,
  ClaimOptions,
  Claims,
  Failure,
  FailureNote,
  HeldKey,
  KeyAccess,
  Lease,
  MaybePromise,
  OpenOptions,
  RecordsTable,
  RowsAfter,
} from "./backend.ts";
export { stamped } from "./stamped.ts";
export { agreesWith } from "./subset_shape.ts";
