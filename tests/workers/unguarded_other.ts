/** A module that sweeps when it is imported, and exports another function for workers. */
import { once, sweep } from "../../mod.ts";

export const square = ({ n }: { n: number }): number => n * n;

await sweep(once(square, { store: ":memory:" }), [{ n: 1 }]).done;
