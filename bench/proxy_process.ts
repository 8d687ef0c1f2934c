/**
 * A TCP proxy in a process of its own, which delays: `proxy_process.ts port milliseconds`. Prints its port,
 * and ends when its standard input does.
 *
 * @module
 */
import process from "node:process";
import { startProxy } from "../tests/postgres/proxy.ts";

const [port, delay] = process.argv.slice(2).map(Number) as [number, number];
const proxy = await startProxy(port, { delay });
console.log(proxy.port);
process.stdin.resume().once("end", () => process.exit(0));
