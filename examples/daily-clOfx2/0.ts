import { expandGrid, httpRetry, once, range, sweep } from "@stet/stet";
import { createServer } from "node:http";

const service = createServer((_, response) => response.end("answer")).listen(8931);
const ask = once(async ({ n }: { n: number }) => {
  const response = await fetch(`http://127.0.0.1:8931/${n}`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`, { cause: response });
  return await response.text();
}, { store: "answers.csv", save: true });

await sweep(ask, expandGrid({ n: range(1, 50) }), {
  concurrency: 32,
  adaptive: true,
  retry: httpRetry,
  maxFailures: 0.2,
});
service.close();
