/**
 * The conformance suite: what every backend promises, as tests that a plugin's author runs on theirs.
 *
 * @module
 */
export type { Capability } from "./case.ts";
export { type BackendUnderTest, testBackend } from "./test_backend.ts";
