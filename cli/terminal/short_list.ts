/** The number of items of the start and of the end that are printed. */
const START = 10, END = 3;

/** A list of lines of which the middle is left out. */
export interface ShortList {
  add(line: string): void;
  /** Prints the end of the list. */
  end(): void;
}

/** Returns a list that prints its first items at once, and the number of the others and the last ones at its end. */
export function shortList(log: (line: string) => void): ShortList {
  let count = 0;
  let last: string[] = [];
  return {
    add(line) {
      if (++count <= START) return log(line);
      last = [...last.slice(-END), line];
    },
    end() {
      const left = count - START - END;
      // One line is no longer than its count.
      if (left > 1) {
        log(`… ${left} more`);
        last = last.slice(-END);
      }
      for (const line of last) log(line);
    },
  };
}
