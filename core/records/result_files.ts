import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { StoreError } from "../errors.ts";
import { isEmpty } from "./is_empty.ts";

/**
 * The result files of a `Store` in their folder. A run writes into a folder `<id>.partial-<tag>` of
 * its own, where the tag stands for its store; its file becomes `<id><suffix>` by one rename. What a
 * killed run left there goes when its store runs the id again.
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

  /** Where the result of an id is. */
  pathOf(id: string): string {
    return path.join(this.folder, id + this.#suffix);
  }

  /** Where the note of an id is. */
  noteOf(id: string): string {
    return path.join(this.folder, `${id}.json`);
  }

  /** Where the note of an id is written, before it is whole. */
  unfinishedNote(id: string, tag: string): string {
    return path.join(this.#partial(id, tag), `${id}.json`);
  }

  /** The ids that have a place. */
  begun(tag: string): string[] {
    const end = `.partial-${tag}`;
    if (!fs.existsSync(this.folder)) return [];
    return fs.readdirSync(this.folder).filter((name) => name.endsWith(end))
      .map((name) => name.slice(0, -end.length));
  }

  /** Makes an empty place for an id; what was left there goes. Only while the id is claimed. */
  begin(id: string, tag: string): void {
    this.end(id, tag);
    fs.mkdirSync(this.#partial(id, tag), { recursive: true });
  }

  /** A path for one attempt to write to. */
  attemptPath(id: string, tag: string, attempt: number): string {
    const name = `${id}${attempt === 0 ? "" : `-${attempt}`}${this.#suffix}`;
    return path.resolve(this.#partial(id, tag), name); // for programs that run in another folder
  }

  /** Removes what a failed attempt left at the first path. */
  clearAttempt(id: string, tag: string): void {
    fs.rmSync(this.attemptPath(id, tag, 0), { recursive: true, force: true });
  }

  /** Removes the place of an id. */
  end(id: string, tag: string): void {
    fs.rmSync(this.#partial(id, tag), { recursive: true, force: true });
  }

  /**
   * Makes what an attempt wrote the result of its id, in place of an older one.
   *
   * @throws {Error} If it wrote nothing; the older one stays.
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
    if (this.#isSynced && !isFolder) await sync(attempt);
    if (isFolder || isFolderAt(kept)) {
      fs.rmSync(kept, { recursive: true, force: true }); // a folder takes the place of no other
    }
    fs.renameSync(attempt, kept);
    if (this.#isSynced) await syncFolder(this.folder);
    return kept;
  }

  #partial(id: string, tag: string): string {
    return path.join(this.folder, `${id}.partial-${tag}`);
  }
}

function isFolderAt(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Puts on the disk what was written to a file. */
async function sync(file: string): Promise<void> {
  const handle = await fs.promises.open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be synced there
  const handle = await fs.promises.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
