/**
 * A worker thread that claims a key, tells how that went, and lives on until it is terminated. Its
 * data: the store and the key.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import { keyOf, keyShape } from "../../core/keys/key.ts";
import { openEngine } from "../open_engine.ts";

const { store, key } = workerData as { store: string; key: string };
const backend = await openEngine(store);
const { state } = await backend.claim(keyOf(keyShape(["key"]), { key }));
parentPort!.postMessage(state);
setInterval(() => {}, 1000); // something to live for
