import { ownWords } from "../../core/runtime/own_words.ts";
import { shellText } from "../../core/runtime/shell_text.ts";
import { type Command, command } from "../command.ts";
import { complete } from "../completions/complete.ts";
import { scripts } from "../completions/scripts.ts";
import { option, text } from "../options.ts";
import { UsageError } from "../usage_error.ts";

const shells = Object.keys(scripts);

/** Returns `stet completions`. @param commands The commands that it completes. */
export function completionsOf(
  commands: Readonly<Record<string, () => Promise<Command>>>,
): Command {
  return command({
    name: "completions",
    summary: "complete commands, options and params in bash, zsh or fish",
    usage: [shells.join("|")],
    about:
      `Prints a script for a shell. It completes commands, options, and names and values of params from
       the store that the line names.`,
    arguments: {
      shell: {
        usage: "[shell]",
        expects: `a shell (${shells.join(", ")})`,
        count: [0, 1],
        words: shells,
        read: ([shell]) => shell,
      },
    },
    options: {
      line: option(
        text("text"),
        "print the words that complete this line instead; for the scripts",
      ),
    },
    notes: [
      `bash: source <(stet completions bash), in ~/.bashrc. zsh: source <(stet completions zsh), in
       ~/.zshrc after compinit. fish: stet completions fish > ~/.config/fish/completions/stet.fish`,
    ],
    examples: shells,
    async run({ shell, line }, { log }): Promise<void> {
      if (line !== undefined) {
        for (const { word, help } of await complete(line, commands)) {
          log(help === undefined ? word : `${word}\t${help}`);
        }
        return;
      }
      const script = Object.entries(scripts).find(([name]) => name === shell)?.[1];
      if (script === undefined) throw new UsageError(`name a shell: ${shells.join(", ")}`);
      log(script.replace("STET", () => shellText(ownWords())));
    },
  });
}
