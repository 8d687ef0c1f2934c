/** Counts of one run of a test suite. */
export interface TestCounts {
  passed: number;
  /** Name, and below it the first lines of what the runtime says of it. */
  failed: string[];
  /** Name and, where the runtime reports one (only Node does), reason. */
  skipped: string[];
}

/** Number of lines that are kept of the message of a failure. */
const LINES = 25;

/** Attributes may hold a bare `>`: Node does not escape it. */
const testCase = /<testcase\b((?:\s+\w+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/**
 * The sums of a JUnit report as Deno, Bun and Node write it: one count for each test that ran.
 *
 * Deno reports a `describe` and a test with subtests as a test case too; it is left out here, unless
 * it failed by itself and not only through a part of it. A `todo` counts as skipped.
 */
export function countTests(junit: string): TestCounts {
  const cases = [...junit.matchAll(testCase)].map(([, attributes = "", body = ""]) => ({
    name: attribute(attributes, "name"),
    body,
  }));
  const groups = new Set(
    cases.flatMap(({ name }) => {
      const parts = name.split(" > ");
      return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join(" > "));
    }),
  );
  const counts: TestCounts = { passed: 0, failed: [], skipped: [] };
  for (const { name, body } of cases) {
    const failure = /<(failure|error)\b((?:\s+\w+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/\1>)/.exec(
      body,
    );
    const skip = /<skipped\b((?:\s+\w+="[^"]*")*)/.exec(body)?.[1];
    if (failure !== null) {
      const [, , attributes = "", text = ""] = failure;
      const message = attribute(attributes, "message");
      const onlyParts = /^\d+ test steps? failed$/.test(message);
      if (groups.has(name) && onlyParts) continue;
      const lines = (unescapeXml(text).trim() || message).split("\n").slice(0, LINES);
      counts.failed.push([name, ...lines].join("\n    "));
    } else if (skip !== undefined) {
      const reason = attribute(skip, "message");
      counts.skipped.push(reason === "" || reason === "true" ? name : `${name} (${reason})`);
    } else if (!groups.has(name)) counts.passed++;
  }
  return counts;
}

/** The value of one XML attribute, unescaped; empty if it is not there. */
function attribute(attributes: string, name: string): string {
  return unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

function unescapeXml(text: string): string {
  const named: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(
    /&(?:#(\d+)|(\w+));/g,
    (whole, code, entity) => code ? String.fromCodePoint(Number(code)) : named[entity] ?? whole,
  );
}
