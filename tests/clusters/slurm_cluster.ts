import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** A Slurm cluster of this machine alone, with a configuration, a folder and ports of its own. */
export interface SlurmCluster {
  /** Folder for the files of the test. */
  readonly folder: string;
  /** Runs a command of Slurm and returns its standard output. */
  run(command: string, ...args: string[]): string;
  /** Resolves when no task of any job is waiting or running. */
  ended(): Promise<void>;
}

/** The part of a test's context that is needed. */
interface Test {
  after(clean: () => void | Promise<void>): void;
  skip(reason: string): void;
}

/** Maximum time of a start, and of the end of all jobs, in milliseconds. */
const PATIENCE_MS = 120_000;

const PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue", "scancel"];

/** Returns the path of a program; daemons are often in folders that PATH of ordinary users has not. */
function pathOf(program: string): string | undefined {
  const folders = [...process.env.PATH?.split(delimiter) ?? [], "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, program)).find((file) => fs.existsSync(file));
}

const missing = PROGRAMS.filter((program) => pathOf(program) === undefined);

/** The reason for which no cluster can be started here. */
export const noSlurm: string | false = missing.length > 0 &&
  `no ${missing.join(", ")}: install slurm-wlm and munge (Debian packages)`;

/**
 * Starts a cluster for one test, and has the commands of this process and its children use it. After the
 * test, its daemons are stopped by their pids. Undefined, and the test is skipped, if it cannot start.
 */
export async function slurmCluster(test: Test): Promise<SlurmCluster | undefined> {
  const home = fs.mkdtempSync(join(tmpdir(), "stet-slurm-"));
  const before = process.env.SLURM_CONF;
  const config = join(home, "slurm.conf");
  process.env.SLURM_CONF = config;
  const daemons: ChildProcess[] = [];
  let isStarted = false;
  const user = execFileSync("id", ["-un"], { encoding: "utf8" }).trim(); // Bun reads $USER
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  test.after(async () => {
    try {
      if (isStarted) {
        run("scancel", "--signal=KILL", "--full", "--user", user);
        run("scancel", "--user", user);
        await idle(run);
      }
    } finally {
      for (const daemon of daemons.reverse()) await stopped(daemon);
      if (before === undefined) delete process.env.SLURM_CONF;
      else process.env.SLURM_CONF = before;
      fs.rmSync(home, { recursive: true, force: true });
    }
  });

  for (const name of ["munge", "state", "spool", "work"]) {
    fs.mkdirSync(join(home, name), { mode: 0o700 });
  }
  const munge = (name: string): string => join(home, "munge", name);
  fs.writeFileSync(munge("key"), randomBytes(1024), { mode: 0o400 });
  const ports = await freePorts(2);
  fs.writeFileSync(config, configuration(home, munge("socket"), user, ports));
  const start = (program: string, ...args: string[]): void => {
    const log = fs.openSync(join(home, `${program}.out`), "w");
    daemons.push(spawn(pathOf(program)!, args, { stdio: ["ignore", log, log] }));
    fs.closeSync(log);
  };
  const files = ["key", "pid", "log", "seed"].map((name) => `--${name}-file=${munge(name)}`);
  start("munged", "--foreground", "--force", `--socket=${munge("socket")}`, ...files);
  const failure = (): string | undefined => {
    const failed = daemons.find(({ exitCode, signalCode }) =>
      exitCode !== null || signalCode !== null
    );
    if (!failed) return undefined;
    const [program = ""] = failed.spawnargs;
    return fs.readFileSync(join(home, `${basename(program)}.out`), "utf8").trim();
  };
  const isUp = async (isSo: () => boolean): Promise<boolean> => {
    await until("Slurm starts", () => failure() !== undefined || isSo());
    if (failure() === undefined) return true;
    test.skip(`Slurm cannot start here: ${failure()}`);
    return false;
  };
  if (!await isUp(() => fs.existsSync(munge("socket")))) return undefined;
  start("slurmctld", "-D", "-f", config);
  start("slurmd", "-D", "-f", config, "-N", NODE);
  const isIdle = (): boolean => {
    try {
      return run("sinfo", "-h", "-o", "%t").trim() === "idle";
    } catch {
      return false; // slurmctld does not listen yet
    }
  };
  if (!await isUp(isIdle)) return undefined;
  isStarted = true;
  return { folder: fs.realpathSync(join(home, "work")), run, ended: () => idle(run) };
}

const NODE = "stet0";

/** The settings with which Slurm runs without systemd, and as an ordinary user for that user's jobs. */
function configuration(
  home: string,
  socket: string,
  user: string,
  [port, nodePort]: readonly number[],
): string {
  const [host = ""] = hostname().split(".");
  return [
    "ClusterName=stet",
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${port}`,
    `SlurmdPort=${nodePort}`,
    "AuthType=auth/munge",
    // A task that is queued again begins after the life of its credential.
    `AuthInfo=socket=${socket},cred_expire=5`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    `StateSaveLocation=${home}/state`,
    `SlurmdSpoolDir=${home}/spool`,
    `SlurmctldPidFile=${home}/slurmctld.pid`,
    `SlurmdPidFile=${home}/slurmd.pid`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "SlurmdParameters=config_overrides", // more processors than there are
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_Core",
    "AccountingStorageType=accounting_storage/none",
    "JobAcctGatherType=jobacct_gather/none",
    "MpiDefault=none",
    "SwitchType=switch/none",
    "ReturnToService=2",
    "KillWait=30",
    "SchedulerParameters=sched_interval=1",
    `NodeName=${NODE} NodeHostname=${host} NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN`,
    "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
    "",
  ].join("\n");
}

async function idle(run: SlurmCluster["run"]): Promise<void> {
  await until("all jobs have ended", () => run("squeue", "-h").trim() === "", () => run("squeue"));
}

async function until(
  what: string,
  isSo: () => boolean,
  details: () => string = () => "",
): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) {
      throw new Error(`Not within ${PATIENCE_MS} ms: ${what}\n${details()}`);
    }
    await sleep(100);
  }
}

async function stopped(daemon: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  process.kill(daemon.pid!, "SIGTERM");
  const late = setTimeout(() => process.kill(daemon.pid!, "SIGKILL"), 10_000);
  await ended;
  clearTimeout(late);
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () =>
      new Promise<ReturnType<typeof createServer>>((resolve) => {
        const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
      })),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
