/** Runs a body and gives what it warned of. Bodies of one process run one after the other. */
export async function warningsOf(body: () => unknown): Promise<string[]> {
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (...line: unknown[]) => void lines.push(line.join(" "));
  try {
    await body();
  } finally {
    console.warn = warn;
  }
  return lines;
}
