/** One line of a plot: its points by x. */
export interface Line {
  readonly name: string;
  readonly isOurs: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 720, HEIGHT = 380, LEFT = 70, RIGHT = 190, TOP = 34, BOTTOM = 40;
const ours = ["#0b5fff", "#3aa0ff", "#0a2e8a"];
const others = ["#d1495b", "#edae49", "#66a182", "#7a5195", "#8d6e63", "#5c677d", "#ef8354"];

/** Returns a plot as SVG; both axes are logarithmic. */
export function plot(title: string, unit: (y: number) => string, lines: readonly Line[]): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => Math.log10(x)));
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => Math.log10(y)));
  const [minX, maxX] = [Math.min(...xs), Math.max(...xs)];
  const [minY, maxY] = [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys))];
  const xOf = (x: number): number =>
    Math.round(LEFT + (Math.log10(x) - minX) / (maxX - minX || 1) * (WIDTH - LEFT - RIGHT));
  const yOf = (y: number): number =>
    Math.round(
      HEIGHT - BOTTOM - (Math.log10(y) - minY) / (maxY - minY || 1) * (HEIGHT - TOP - BOTTOM),
    );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14" font-weight="bold">${title}</text>`,
  ];
  for (let power = minY; power <= maxY; power++) {
    const y = yOf(10 ** power);
    parts.push(
      `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      `<text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${unit(10 ** power)}</text>`,
    );
  }
  for (let power = Math.ceil(minX); power <= maxX; power++) {
    const label = (10 ** power).toLocaleString("en");
    parts.push(
      `<text x="${xOf(10 ** power)}" y="${HEIGHT - 20}" text-anchor="middle">${label}</text>`,
    );
  }
  parts.push(`<text x="${WIDTH - RIGHT}" y="${HEIGHT - 5}" text-anchor="end">rows</text>`);
  const counts = { ours: 0, others: 0 };
  // Labels are in the order of the last points, and apart from one another.
  let last = TOP - 14;
  for (
    const line of lines.toSorted((a, b) =>
      (b.points.at(-1)?.[1] ?? 0) - (a.points.at(-1)?.[1] ?? 0)
    )
  ) {
    const end = line.points.at(-1);
    if (!end) continue;
    const color = line.isOurs
      ? ours[counts.ours++ % ours.length]
      : others[counts.others++ % others.length];
    const path = line.points.map(([x, y]) => `${xOf(x)} ${yOf(y)}`).join("L");
    last = Math.max(last + 15, Math.min(yOf(end[1]) + 4, HEIGHT - BOTTOM - 60));
    parts.push(
      `<path d="M${path}" fill="none" stroke="${color}" stroke-width="${line.isOurs ? 3 : 1.5}"/>`,
      `<circle cx="${xOf(end[0])}" cy="${yOf(end[1])}" r="3" fill="${color}"/>`,
      `<text x="${WIDTH - RIGHT + 12}" y="${last}" fill="${color}">${
        line.name.replaceAll('"', "&quot;")
      }</text>`,
    );
  }
  return `${parts.join("\n")}\n</svg>\n`;
}
