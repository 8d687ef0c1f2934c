/** Workers to start on other machines. */
export interface Launch {
  /** Command line of each worker; `--shard` in it reads which of them it is. */
  readonly words: readonly string[];
  /** Number of workers. */
  readonly count: number;
  /** Working folder of the workers. */
  readonly folder: string;
  /** Folder of their output; it is made. */
  readonly logs: string;
  /** More options of the scheduler, in its own words. */
  readonly options: readonly string[];
}

/** A job that a scheduler has accepted. */
export interface Launched {
  /** Id of the job, for {@linkcode Launcher.status} and {@linkcode Launcher.cancel}. */
  readonly id: string;
  /** Number of its tasks, which a limit of the scheduler may have reduced. */
  readonly count: number;
  /** The limit that reduced it, in words. */
  readonly limit?: string;
  /** The files of the tasks' output, as a shell finds them. */
  readonly logs: string;
  /** Commands of the scheduler: to list the tasks, and to end them after their current runs. */
  readonly commands: { readonly list: string; readonly cancel: string };
}

/** State of a task. */
export type TaskState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** A task of a job, as its scheduler sees it. */
export interface LaunchedTask {
  /** Its number. `*`: all tasks that are not listed themselves. */
  readonly id: string;
  readonly state: TaskState;
  /** The scheduler's reason for the state, in its own words; empty if it has none. */
  readonly reason: string;
}

/** A scheduler that starts workers on other machines. */
export interface Launcher {
  /** Its name in messages. */
  readonly label: string;
  /**
   * Submits one job with a task for each worker.
   *
   * @throws {LaunchError} If the scheduler is not there or refuses the job. Nothing was submitted then.
   */
  submit(launch: Launch): Promise<Launched>;
  /**
   * Returns the tasks of a job. A scheduler forgets ended tasks after a time.
   *
   * @throws {LaunchError} If the scheduler does not answer.
   */
  status(id: string): Promise<readonly LaunchedTask[]>;
  /**
   * Ends a job: waiting tasks do not begin, running ones finish and record their current runs. A job that
   * has ended stays as it is.
   *
   * @throws {LaunchError} If the scheduler does not answer.
   */
  cancel(id: string): Promise<void>;
}

/** A scheduler refused something, or is not there. */
export class LaunchError extends Error {
  override name = "LaunchError";
}
