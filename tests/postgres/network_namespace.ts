import { spawnSync } from "node:child_process";
import process from "node:process";
import type { Runtime } from "../runtimes.ts";
import { startWatchdog } from "./watchdog.ts";

/** A network of its own for some processes, as another machine has, joined to this one by a cable. */
export interface NetworkNamespace {
  /** Address of this machine on the cable. */
  readonly host: string;
  /** Returns the runtime, started in the namespace. */
  inside(runtime: Runtime): Runtime;
  /** Unplugs the cable, or plugs it in. */
  plug(isIn: boolean): void;
  /** Removes the namespace. That happens at the end of this process too. */
  end(): Promise<void>;
}

/** Makes a network namespace. Returns the reason if the machine does not allow it. */
export function makeNetworkNamespace(): NetworkNamespace | string {
  const name = `stet-${process.pid}`;
  const [here, there] = [`sth${process.pid}`, `stn${process.pid}`]; // at most 15 characters
  const subnet = `10.213.${process.pid >> 6 & 255}`;
  const first = (process.pid & 63) * 4;
  const [host, other] = [`${subnet}.${first + 1}`, `${subnet}.${first + 2}`];
  const commands = [
    `netns add ${name}`,
    `link add ${here} type veth peer name ${there} netns ${name}`,
    `addr add ${host}/30 dev ${here}`,
    `link set ${here} up`,
    `-n ${name} addr add ${other}/30 dev ${there}`,
    `-n ${name} link set lo up`,
    `-n ${name} link set ${there} up`,
  ];
  const watchdog = startWatchdog('ip netns del "$1"', [name]);
  for (const command of commands) {
    const reason = ip(command);
    if (reason === undefined) continue;
    void watchdog.end();
    return `no network namespace: ip ${command}: ${reason}`;
  }
  return {
    host,
    inside: (runtime) => ({
      ...runtime,
      command: "ip", // replaces itself by the command: its id is that of the runtime
      args: ["netns", "exec", name, runtime.command, ...runtime.args],
    }),
    plug: (isIn) => void ip(`link set ${here} ${isIn ? "up" : "down"}`),
    end: () => watchdog.end(),
  };
}

/** Runs a command of `ip`. Returns its complaint, or undefined. */
function ip(command: string): string | undefined {
  const { status, error, stderr } = spawnSync("ip", command.split(" "), { encoding: "utf8" });
  return status === 0 ? undefined : error?.message ?? stderr.trim();
}
