import { main } from "../cli/main.ts";

/** Returns the help that a command line prints. */
async function helpOf(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  await main([...args, "--help"], { log: (line) => void lines.push(String(line)) });
  return `\`\`\`text\n${lines.join("\n").trim()}\n\`\`\`\n`;
}

/** Returns docs/reference/cli.md, which is made from the declared options. */
export async function cliPage(): Promise<string> {
  const overview = await helpOf();
  const names = [...overview.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name!);
  const sections: string[] = [];
  for (const name of names) sections.push(`## stet ${name}\n\n${await helpOf(name)}`);
  return ["# Command line\n", overview, ...sections].join("\n");
}
