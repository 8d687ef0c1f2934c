import { randomUUID } from "node:crypto";
import type { Claim, ClaimOptions, MaybePromise } from "../../core/contract/backend.ts";
import type * as wire from "../../core/contract/wire.ts";
import { LostClaimError } from "../../core/errors.ts";
import type { Key } from "../../core/keys/key.ts";
import { ConditionVariable } from "../../core/runtime/condition_variable.ts";
import { SOURCE, TIMESTAMP } from "../../core/values/columns.ts";
import { encodeJsonRow } from "../../core/values/json_row.ts";
import type { Row } from "../../core/values/value.ts";
import type { ServerDeps } from "../deps.ts";
import { invalidRequest, ProblemError } from "../routes/problem.ts";
import { batcher } from "./batcher.ts";
import { BoundedMap } from "../bounded_map.ts";
import {
  busyAnswer,
  claimAnswer,
  DEFAULT_LEASE_SECONDS,
  doneAnswer,
  isSameRun,
  rowVersion,
} from "./claim_answers.ts";
import { readKey, readRow, readRowKey } from "./read_run.ts";

/** The maximum pause before a waiting claim is tried again, in milliseconds. */
const MAX_PAUSE_MS = 250;
/** The number of claims that are remembered; others are found again in the store. */
const MAX_REMEMBERED = 20_000;

/** The end of a claim. A client that missed the answer gets it again. */
type Ended = "recorded" | "failed" | "released";

/** The members of a request that name a claim. */
type ClaimFields = Pick<wire.ReleaseRequest, "token" | "replaces">;

/**
 * The claims of clients. Each is a lease in the store, which outlives the sidecar; what is remembered
 * here only makes it quicker. All answers are JSON texts.
 */
export class Claims {
  readonly #deps: ServerDeps;
  readonly #inBatch: ReturnType<typeof batcher>;
  /** By token. */
  readonly #held = new BoundedMap<{ readonly key: string; readonly claim: Claim }>(MAX_REMEMBERED);
  /** By token. */
  readonly #ended = new BoundedMap<{ readonly key: string; readonly state: Ended }>(MAX_REMEMBERED);
  /** The tokens that keys were recorded with. */
  readonly #winners = new BoundedMap<string>(MAX_REMEMBERED);
  /** Rows without a claim that are being added, by their JSON. */
  readonly #adding = new Map<string, Promise<void>>();
  /** Notified when a claim ends. */
  readonly #claimEnded = new ConditionVariable();

  constructor(deps: ServerDeps) {
    this.#deps = deps;
    this.#inBatch = batcher(deps.backend);
  }

  /** Claims a run; waits while it is busy if the request says so. */
  async claim(request: wire.ClaimRequest, gone: () => AbortSignal): Promise<string> {
    const key = readKey(request);
    const token = request.token ?? randomUUID();
    const mayRetry = this.#retries(gone, request.wait_seconds);
    for (;;) {
      const { answer, text } = await this.#claim(key, token, request);
      if (answer.state !== "busy" || !await mayRetry()) return text;
    }
  }

  /** Claims some of many runs. */
  async claimBatch(request: wire.BatchClaimRequest, gone: () => AbortSignal): Promise<string> {
    const { batch, most = batch.length, ...fields } = request;
    const keys = batch.map((params) => readKey({ ...fields, params }));
    const mayRetry = this.#retries(gone, request.wait_seconds);
    for (;;) {
      const answers: string[] = [];
      let claimed = 0;
      let isAnyBusy = false;
      // As many at a time as are still wanted: they share one batch of the store.
      while (answers.length < keys.length && claimed < most) {
        const wanted = keys.slice(answers.length, answers.length + most - claimed);
        answers.push(
          ...await Promise.all(wanted.map(async (key) => {
            const { answer, text } = await this.#claim(key, randomUUID(), request);
            if (answer.state === "claimed") claimed++;
            if (answer.state === "busy") isAnyBusy = true;
            return text;
          })),
        );
      }
      if (claimed > 0 || most === 0 || !isAnyBusy || !await mayRetry()) {
        answers.push(...await this.#look(keys.slice(answers.length)));
        return `{"answers":[${answers.join(",")}]}`;
      }
    }
  }

  /** Records a run and ends its claim; without a token, adds a row. */
  async record(request: wire.RecordRequest): Promise<string> {
    const row = readRow(request);
    const { token } = request;
    if (token === undefined) {
      await this.#add(row, request.retry ?? false);
      this.#deps.figures.changed();
      return '{"state":"recorded"}';
    }
    const key = readRowKey(request, row);
    const fields = { ...request, token };
    return await this.#end("recorded", fields, key, (claim) => claim.record(row), row);
  }

  /** Notes that a run failed, and ends its claim. */
  fail(request: wire.FailRequest): Promise<string> {
    const { error, stack = "", attempts = 1 } = request;
    const end = (claim: Claim): MaybePromise<void> => claim.fail({ error, stack, attempts });
    return this.#end("failed", request, readKey(request), end);
  }

  /** Ends a claim; nothing is noted. */
  release(request: wire.ReleaseRequest): Promise<string> {
    return this.#end("released", request, readKey(request), (claim) => claim.release());
  }

  /** Extends the lease of a claim. */
  async renew(request: wire.RenewRequest): Promise<string> {
    const key = readKey(request);
    const { answer, text } = await this.#claim(key, request.token, request);
    if (answer.state !== "claimed") throw await this.#lostClaim(key);
    return text;
  }

  /** Returns the row of a run, and its version. */
  async find(request: wire.RunFields): Promise<string> {
    const row = await this.#deps.backend.find(readKey(request));
    return row ? `{"row":${encodeJsonRow(row)},"version":"${rowVersion(row)}"}` : '{"row":null}';
  }

  /** Returns the rows of many runs, in their order. */
  async findBatch({ batch, only, ...fields }: wire.BatchFindRequest): Promise<string> {
    const { backend } = this.#deps;
    const rows: string[] = [];
    for (const params of batch) {
      const key = readKey({ ...fields, params });
      const row = only === "source"
        ? sourceRow(await backend.sourceOf(key))
        : await (only === "result" ? backend.savedResult(key) : backend.find(key));
      rows.push(row ? encodeJsonRow(row) : "null");
    }
    return `{"rows":[${rows.join(",")}]}`;
  }

  /** Returns the answer to a claim, and its JSON. */
  async #claim(key: Key, token: string, request: Omit<wire.ClaimRequest, "params">) {
    const { lease_seconds: seconds = DEFAULT_LEASE_SECONDS, holder, replaces } = request;
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
    const answer = await this.#inBatch(() => this.#deps.backend.claim(key, options));
    if (answer.state === "claimed") {
      this.#ended.delete(token);
      this.#held.set(token, { key: key.text, claim: answer.claim });
      this.#deps.figures.changed();
    }
    return { answer, text: claimAnswer(answer, row, token, seconds) };
  }

  /** Ends a claim: once, however often it is asked for. */
  async #end(
    state: Ended,
    fields: ClaimFields,
    key: Key,
    end: (claim: Claim) => MaybePromise<void>,
    row?: Row,
  ): Promise<string> {
    const { token } = fields;
    const text = `{"state":"${state}"}`;
    const ended = this.#ended.get(token);
    if (ended?.key === key.text && ended.state === state) return text;
    const claim = await this.#claimOf(fields, key);
    try {
      if (!claim) throw new LostClaimError("another client has it");
      await this.#inBatch(() => end(claim));
    } catch (error) {
      if (!(error instanceof LostClaimError)) throw error;
      this.#held.delete(token);
      const winner = await this.#deps.backend.find(key);
      // The record may have arrived before, and its answer been lost. It is recognised by its row, unless
      // the row is known to be another client's.
      const isOthers = (this.#winners.get(key.text) ?? token) !== token;
      if (!winner || !row || isOthers || !isSameRun(winner, row)) {
        throw await this.#lostClaim(key, winner);
      }
    }
    this.#held.delete(token);
    if (state === "recorded") this.#winners.set(key.text, token);
    else this.#ended.set(token, { key: key.text, state });
    this.#claimEnded.notifyAll();
    this.#deps.figures.changed();
    return text;
  }

  /** Returns the claim of a token. One that is not remembered is claimed again, unless the key is taken. */
  async #claimOf(fields: ClaimFields, key: Key): Promise<Claim | undefined> {
    const held = this.#held.get(fields.token);
    if (held?.key === key.text) return held.claim;
    if (held) {
      throw invalidRequest([{ path: "token", message: "it is the token of another run's claim" }]);
    }
    const { answer } = await this.#claim(key, fields.token, fields);
    return answer.state === "claimed" ? answer.claim : undefined;
  }

  async #lostClaim(key: Key, row?: Row): Promise<ProblemError> {
    const { backend } = this.#deps;
    const winner = row ?? await backend.find(key);
    const { holder = "" } =
      (winner ? undefined : (await backend.held()).find((held) => held.key === key.text)) ?? {};
    const detail = winner
      ? "another has recorded the run"
      : `${holder === "" ? "another" : holder} runs it now`;
    return new ProblemError(409, `The claim was lost: ${detail}; nothing was written`, {
      type: "urn:stet:lost-claim",
      more: { winner: winner ? encodeJsonRow(winner) : JSON.stringify({ holder }) },
    });
  }

  /** Returns the states of keys without claiming one. */
  async #look(keys: readonly Key[]): Promise<string[]> {
    if (keys.length === 0) return [];
    const { backend } = this.#deps;
    const holders = new Map((await backend.held()).map(({ key, holder }) => [key, holder]));
    const texts: string[] = [];
    for (const key of keys) {
      const row = await backend.find(key);
      const holder = holders.get(key.text);
      if (row) texts.push(doneAnswer(row));
      else texts.push(holder === undefined ? '{"state":"free"}' : busyAnswer(holder));
    }
    return texts;
  }

  /** Adds a row without a claim. */
  async #add(row: Row, isRetry: boolean): Promise<void> {
    const { backend } = this.#deps;
    const text = encodeJsonRow(row);
    if (isRetry && TIMESTAMP in row) {
      await this.#adding.get(text); // the first request may still be under way
      if (await backend.has(row)) return;
    }
    const adding = this.#inBatch(() => backend.record(row))
      .finally(() => this.#adding.delete(text));
    this.#adding.set(text, adding);
    await adding;
  }

  /** Returns a function that waits until a busy claim may be tried again; false once the time is over. */
  #retries(gone: () => AbortSignal, seconds = 0): () => Promise<boolean> {
    const { now, closing } = this.#deps;
    const end = now() + seconds * 1000;
    let signal: AbortSignal | undefined;
    return async () => {
      const left = end - now();
      if (left <= 0 || closing.aborted || (signal ??= gone()).aborted) return false;
      await this.#claimEnded.wait(Math.min(left, MAX_PAUSE_MS));
      return true;
    };
  }
}

function sourceRow(source: string | undefined): Row | undefined {
  return source === undefined ? undefined : source === "" ? {} : { [SOURCE]: source };
}
