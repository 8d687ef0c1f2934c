/** The model's API said no: `retryAfter` is the pause in milliseconds that it asked for, if it did. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly retryAfter: number | undefined;

  constructor(status: number, text: string, retryAfter: string | null) {
    super(`${status}: ${text}`);
    this.retryAfter = retryAfter === null ? undefined : Number(retryAfter) * 1000;
  }
}

/** Asks the model a sum in the words of a prompt, and says whether it was right. */
export async function ask(
  url: string,
  { model, prompt, sum, seed }: Case,
): Promise<{ correct: boolean; tokens: number }> {
  const [a, b] = sum;
  const text = prompt.replace("{a}", `${a}`).replace("{b}", `${b}`);
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify({ model, prompt: text, seed }),
  });
  if (!response.ok) {
    throw new ApiError(response.status, await response.text(), response.headers.get("retry-after"));
  }
  const answer = await response.json() as { text: string; tokens: number };
  return { correct: answer.text === String(a + b), tokens: answer.tokens };
}

/** One question of the eval. */
export interface Case {
  readonly model: string;
  readonly prompt: string;
  readonly sum: readonly [number, number];
  readonly seed: number;
}
