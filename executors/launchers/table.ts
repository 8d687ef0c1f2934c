import type { Launcher } from "./launcher.ts";

/** The launchers by name, which `--shard` in their tasks takes too. Each loads when it is used. */
export const launchers: Readonly<Record<string, () => Promise<Launcher>>> = {
  slurm: async () => (await import("./slurm.ts")).slurm,
};
