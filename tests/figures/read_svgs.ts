import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A line of text of a picture: its anchor in pixels. */
export interface DrawnText {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  readonly size: number;
  readonly bold: boolean;
  readonly turned: boolean;
}

/** A picture as a strict XML parser reads it. */
export interface ReadSvg {
  /** The position and kind of the error, if it is not well-formed. */
  readonly error?: string;
  readonly width: number;
  readonly height: number;
  readonly texts: readonly DrawnText[];
}

const program = fileURLToPath(new URL("read_xml.py", import.meta.url));

/** Why pictures cannot be parsed here; false if they can. */
export const noParser: string | false = spawnSync("python3", ["--version"]).status === 0
  ? false
  : "there is no python3, whose XML parser reads the pictures";

/** Parses pictures by expat, the XML parser of Python. */
export function readSvgs(documents: readonly string[]): readonly ReadSvg[] {
  const { stdout, stderr, status } = spawnSync("python3", [program], {
    input: JSON.stringify(documents),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`Cannot parse pictures: ${stderr}`);
  return JSON.parse(stdout);
}
