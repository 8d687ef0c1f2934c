import { randomUUID } from "node:crypto";
import type {
  Claim,
  ClaimAnswer,
  ClaimOptions,
  MaybePromise,
} from "../../core/contract/backend.ts";
import { Bell } from "../../core/runtime/bell.ts";
import { TIMESTAMP } from "../../core/values/columns.ts";
import { LostClaimError } from "../../core/errors.ts";
import { encodeJsonResult, encodeJsonRow } from "../../core/values/json_row.ts";
import type { Key } from "../../core/keys/key.ts";
import { resultOf } from "../../core/runs/result.ts";
import type { Row } from "../../core/values/value.ts";
import type {
  BatchClaimRequest,
  ClaimRequest,
  FailRequest,
  LeaseFields,
  RecordRequest,
  ReleaseRequest,
  RenewRequest,
  RunFields,
} from "../../core/contract/wire.ts";
import type { ServerDeps } from "../deps.ts";
import { invalidRequest, ProblemError } from "../routes/problem.ts";
import { isSameRun, rowVersion } from "./row_version.ts";
import { RunsIn } from "./runs_in.ts";
import { Together } from "./together.ts";

/** How long a claim is held unless it is renewed, in seconds. */
const LEASE = 60;
/** The longest pause between two looks at a key that somebody runs, in milliseconds. */
const PAUSE = 250;
/** After how many seconds a client is to ask again for a key that somebody runs. */
const RETRY_AFTER = 1;
/** How many claims are remembered: others are found again in the store. */
const MOST_TOKENS = 20_000;

/** How a claim ended, which a client that did not hear of it is told again. */
type Ended = "recorded" | "failed" | "released";

interface Held {
  readonly key: string;
  readonly claim: Claim;
}

/**
 * The claims of clients. Each is a lease in the store, which outlives the sidecar; what is remembered
 * here only makes it quicker. All answers are JSON texts.
 */
export class Claims {
  readonly #deps: ServerDeps;
  readonly #together: Together;
  readonly #runs = new RunsIn();
  readonly #held = new Map<string, Held>();
  readonly #ended = new Map<string, { readonly key: string; readonly state: Ended }>();
  /** The tokens that keys were recorded with. */
  readonly #winners = new Map<string, string>();
  /** Rows without a claim that are being added, by what they say. */
  readonly #adding = new Map<string, Promise<void>>();
  /** Rung whenever a claim ends. */
  readonly #bell = new Bell();

  constructor(deps: ServerDeps) {
    this.#deps = deps;
    this.#together = new Together(deps.backend);
  }

  /** Claims a run, waiting while it is busy if asked to. */
  async claim(request: ClaimRequest, gone: () => AbortSignal): Promise<string> {
    const key = this.#runs.key(request);
    const token = request.token ?? randomUUID();
    const mayWait = this.#patience(request.wait_seconds ?? 0, gone);
    for (;;) {
      const answer = await this.#claim(key, token, request);
      if (answer.state !== "busy" || !await mayWait()) {
        return answerText(answer, token, request);
      }
    }
  }

  /** Claims some of many runs. */
  async claimBatch(request: BatchClaimRequest, gone: () => AbortSignal): Promise<string> {
    const { batch, most = batch.length, ...fields } = request;
    const keys = batch.map((params) => this.#runs.key({ ...fields, params }));
    const mayWait = this.#patience(request.wait_seconds ?? 0, gone);
    for (;;) {
      const answers: string[] = [];
      let claimed = 0;
      let isAnyBusy = false;
      // As many at a time as are still wanted: they share one step of the store.
      while (answers.length < keys.length && claimed < most) {
        const wanted = keys.slice(answers.length, answers.length + most - claimed);
        const given = await Promise.all(wanted.map(async (key) => {
          const token = randomUUID();
          return { token, answer: await this.#claim(key, token, request) };
        }));
        for (const { token, answer } of given) {
          if (answer.state === "claimed") claimed++;
          if (answer.state === "busy") isAnyBusy = true;
          answers.push(answerText(answer, token, request));
        }
      }
      if (claimed > 0 || most === 0 || !isAnyBusy || !await mayWait()) {
        answers.push(...await this.#looks(keys.slice(answers.length)));
        return `{"answers":[${answers.join(",")}]}`;
      }
    }
  }

  /** Records a run and ends its claim; without a token, adds a row. */
  async record(request: RecordRequest): Promise<string> {
    const row = this.#runs.row(request);
    const { token, replaces } = request;
    if (token === undefined) {
      await this.#add(row, request.retry ?? false);
      this.#deps.mirror.changed();
      return '{"state":"recorded"}';
    }
    const key = this.#runs.keyOf(request, row);
    return await this.#end("recorded", token, key, replaces, (claim) => claim.record(row), row);
  }

  /** Notes that a run failed, and ends its claim. */
  fail(request: FailRequest): Promise<string> {
    const { token, replaces, error, stack = "", attempts = 1 } = request;
    const note = { error, stack, attempts };
    const key = this.#runs.key(request);
    return this.#end("failed", token, key, replaces, (claim) => claim.fail(note));
  }

  /** Ends a claim; nothing is noted. */
  release(request: ReleaseRequest): Promise<string> {
    const key = this.#runs.key(request);
    const { token, replaces } = request;
    return this.#end("released", token, key, replaces, (claim) => claim.release());
  }

  /** Holds a claim for longer. */
  async renew(request: RenewRequest): Promise<string> {
    const key = this.#runs.key(request);
    const { token } = request;
    const answer = await this.#claim(key, token, request);
    if (answer.state === "claimed") return answerText(answer, token, request);
    throw await this.#lost(key);
  }

  /** The row of a run, and its version. */
  async find(request: RunFields): Promise<string> {
    const row = await this.#deps.backend.find(this.#runs.key(request));
    return row ? `{"row":${encodeJsonRow(row)},"version":"${rowVersion(row)}"}` : '{"row":null}';
  }

  async #claim(
    key: Key,
    token: string,
    { lease_seconds: seconds = LEASE, holder, replaces }: LeaseFields & {
      readonly replaces?: string;
    },
  ): Promise<ClaimAnswer & { row?: Row }> {
    let row: Row | undefined;
    const options: ClaimOptions = {
      lease: {
        token,
        until: this.#deps.now() + seconds * 1000,
        ...holder !== undefined && { holder },
      },
      isDone(found) {
        row = found;
        return replaces === undefined || rowVersion(found) !== replaces;
      },
    };
    const answer = await this.#together.do(() => this.#deps.backend.claim(key, options));
    if (answer.state === "done") return { ...answer, ...row && { row } };
    if (answer.state === "claimed") {
      this.#ended.delete(token);
      remember(this.#held, token, { key: key.text, claim: answer.claim });
      this.#deps.mirror.changed();
    }
    return answer;
  }

  /** Ends a claim: once, however often it is asked for. */
  async #end(
    state: Ended,
    token: string,
    key: Key,
    replaces: string | undefined,
    end: (claim: Claim) => MaybePromise<void>,
    row?: Row,
  ): Promise<string> {
    const text = `{"state":"${state}"}`;
    const ended = this.#ended.get(token);
    if (ended?.key === key.text && ended.state === state) return text;
    const claim = await this.#claimOf(token, key, replaces);
    try {
      if (!claim) throw new LostClaimError("somebody else has it");
      await this.#together.do(() => end(claim));
    } catch (error) {
      if (!(error instanceof LostClaimError)) throw error;
      this.#held.delete(token);
      const winner = await this.#deps.backend.find(key);
      // It arrived before, and the answer did not reach the client: a repeated record is told by its
      // row, which is compared, unless it is known to be another's.
      const isOthers = (this.#winners.get(key.text) ?? token) !== token;
      if (!winner || !row || isOthers || !isSameRun(winner, row)) {
        throw await this.#lost(key, winner);
      }
    }
    this.#held.delete(token);
    if (state === "recorded") remember(this.#winners, key.text, token);
    else remember(this.#ended, token, { key: key.text, state });
    this.#bell.ring();
    this.#deps.mirror.changed();
    return text;
  }

  /** The claim of a token; one that is not remembered is claimed again, unless another has the key. */
  async #claimOf(
    token: string,
    key: Key,
    replaces: string | undefined,
  ): Promise<Claim | undefined> {
    const held = this.#held.get(token);
    if (held?.key === key.text) return held.claim;
    if (held) {
      throw invalidRequest([{ path: "token", message: "it is the token of another run's claim" }]);
    }
    const answer = await this.#claim(key, token, { ...replaces !== undefined && { replaces } });
    return answer.state === "claimed" ? answer.claim : undefined;
  }

  async #lost(key: Key, row?: Row): Promise<ProblemError> {
    const winner = row ?? await this.#deps.backend.find(key);
    const held = winner ? undefined : (await this.#deps.backend.held())
      .find((each) => each.key === key.text);
    const detail = winner
      ? "The claim was lost: another has recorded the run; nothing was written"
      : `The claim was lost: ${held?.holder ?? "another"} runs it now; nothing was written`;
    return new ProblemError(409, detail, {
      type: "urn:stet:lost-claim",
      more: {
        winner: winner ? encodeJsonRow(winner) : JSON.stringify({ holder: held?.holder ?? "" }),
      },
    });
  }

  /** What keys are, of which none is to be claimed any more. */
  async #looks(keys: readonly Key[]): Promise<string[]> {
    if (keys.length === 0) return [];
    const { backend } = this.#deps;
    const holders = new Map((await backend.held()).map(({ key, holder }) => [key, holder]));
    const texts: string[] = [];
    for (const key of keys) {
      const row = await backend.find(key);
      const holder = holders.get(key.text);
      if (row) texts.push(doneText(row));
      else texts.push(holder === undefined ? '{"state":"free"}' : busyText(holder));
    }
    return texts;
  }

  /** Adds a row that nobody claimed. */
  async #add(row: Row, isRetry: boolean): Promise<void> {
    const { backend } = this.#deps;
    const text = encodeJsonRow(row);
    if (isRetry && TIMESTAMP in row) {
      await this.#adding.get(text); // the first request may still be under way
      if (await backend.has(row)) return;
    }
    const adding = this.#together.do(() => backend.record(row));
    this.#adding.set(text, adding);
    try {
      await adding;
    } finally {
      this.#adding.delete(text);
    }
  }

  /** What waits for claims to end for so many seconds at most. */
  #patience(seconds: number, gone: () => AbortSignal): () => Promise<boolean> {
    const { now, closing } = this.#deps;
    const end = now() + seconds * 1000;
    let signal: AbortSignal | undefined;
    return async () => {
      const left = end - now();
      if (left <= 0 || closing.aborted || (signal ??= gone()).aborted) return false;
      await this.#bell.wait(Math.min(left, PAUSE));
      return true;
    };
  }
}

function answerText(
  answer: ClaimAnswer & { readonly row?: Row },
  token: string,
  { lease_seconds: seconds = LEASE }: LeaseFields,
): string {
  switch (answer.state) {
    case "claimed":
      return `{"state":"claimed","token":${JSON.stringify(token)},"lease_seconds":${seconds}}`;
    case "busy":
      return busyText(answer.holder);
    default:
      return doneText(answer.row ?? {});
  }
}

function doneText(row: Row): string {
  const result = resultOf(row);
  const text = result === undefined ? "" : `"result":${encodeJsonResult(result)},`;
  return `{"state":"done",${text}"version":"${rowVersion(row)}"}`;
}

function busyText(holder: string): string {
  return `{"state":"busy","holder":${JSON.stringify(holder)},"retry_after":${RETRY_AFTER}}`;
}

/** Adds to a map of bounded size; the oldest entry goes. */
function remember<T>(map: Map<string, T>, name: string, value: T): void {
  map.set(name, value);
  if (map.size > MOST_TOKENS) map.delete(map.keys().next().value!);
}
