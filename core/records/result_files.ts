import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { StoreError } from "../errors.ts";

/**
 * The result files of a `Store` in their folder. A run writes into a folder `<id>.partial-<tag>` of its own, in
 * which the tag names its store. Its file becomes `<id><suffix>` by one rename. Files of a killed run are
 * removed when its store runs the id again.
 */
export class ResultFiles {
  /** The folder, as the user gave it. */
  readonly folder: string;
  readonly #suffix: string;
  readonly #isSynced: boolean;

  /** @throws {StoreError} If the folder cannot be made, or is a file. */
  constructor(folder: string, suffix: string, isSynced: boolean) {
    this.folder = path.normalize(folder);
    this.#suffix = suffix;
    this.#isSynced = isSynced;
    try {
      const there = fs.statSync(this.folder, { throwIfNoEntry: false });
      if (there?.isDirectory()) return; // it may be read where nothing may be made
      if (there) throw new Error("there is a file of that name");
      fs.mkdirSync(this.folder, { recursive: true });
    } catch (cause) {
      throw new StoreError(
        `Cannot make the results folder "${this.folder}": ${(cause as Error).message}; choose ` +
          `another resultsDir`,
        { cause },
      );
    }
  }

  /** Returns the path of the result of an id. */
  pathOf(id: string): string {
    return path.join(this.folder, id + this.#suffix);
  }

  /** Returns the path of the note of an id. */
  noteOf(id: string): string {
    return path.join(this.folder, `${id}.json`);
  }

  /** Returns the path at which the note of an id is written first. */
  unfinishedNote(id: string, tag: string): string {
    return path.join(this.#partial(id, tag), `${id}.json`);
  }

  /** Returns the ids whose runs have a folder. */
  begun(tag: string): string[] {
    const end = `.partial-${tag}`;
    if (!fs.existsSync(this.folder)) return [];
    return fs.readdirSync(this.folder).filter((name) => name.endsWith(end))
      .map((name) => name.slice(0, -end.length));
  }

  /** Makes an empty folder for the run of an id, which must be claimed. */
  begin(id: string, tag: string): void {
    this.end(id, tag);
    fs.mkdirSync(this.#partial(id, tag), { recursive: true });
  }

  /** Returns the path to which one attempt writes. */
  attemptPath(id: string, tag: string, attempt: number): string {
    const name = `${id}${attempt === 0 ? "" : `-${attempt}`}${this.#suffix}`;
    return path.resolve(this.#partial(id, tag), name); // for programs that run in another folder
  }

  /** Removes the file of a failed attempt at the first path. */
  clearAttempt(id: string, tag: string): void {
    fs.rmSync(this.attemptPath(id, tag, 0), { recursive: true, force: true });
  }

  /** Removes the folder of the run of an id. */
  end(id: string, tag: string): void {
    fs.rmSync(this.#partial(id, tag), { recursive: true, force: true });
  }

  /**
   * Makes the file of an attempt the result of its id, in place of an older one, and returns its path.
   *
   * @throws {Error} If the attempt wrote nothing. The older result stays.
   */
  async keep(id: string, attempt: string): Promise<string> {
    if (isEmpty(attempt)) {
      const what = fs.existsSync(attempt) ? "an empty" : "no";
      throw new Error(
        `Cannot keep the result of run ${id}: the runner wrote ${what} file "${attempt}"; write the ` +
          `result to params.resultFile`,
      );
    }
    const isFolder = isFolderAt(attempt);
    const kept = this.pathOf(id);
    if (this.#isSynced && !isFolder) await sync(attempt, "r+");
    if (isFolder || isFolderAt(kept)) {
      fs.rmSync(kept, { recursive: true, force: true }); // a folder takes the place of no other
    }
    fs.renameSync(attempt, kept);
    // Windows cannot sync folders.
    if (this.#isSynced && process.platform !== "win32") await sync(this.folder, "r");
    return kept;
  }

  #partial(id: string, tag: string): string {
    return path.join(this.folder, `${id}.partial-${tag}`);
  }
}

function isFolderAt(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** True if a file or folder is empty or missing. */
export function isEmpty(file: string): boolean {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  return found?.isDirectory() ? fs.readdirSync(file).length === 0 : !found?.size;
}

async function sync(file: string, flags: "r" | "r+"): Promise<void> {
  const handle = await fs.promises.open(file, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
