/** Viridis (Smith and van der Walt): even to the eye, in both themes, for colour-blind people, and in print. */
const STOPS = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 74, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [109, 205, 89],
  [180, 222, 44],
  [253, 231, 37],
];

/** The colour of a share from 0 to 1. @param {number} share @returns {string} */
export function colorOf(share) {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const low = Math.min(Math.floor(place), STOPS.length - 2);
  const [from, to] = [STOPS[low] ?? [], STOPS[low + 1] ?? []];
  const mixed = from.map((part, i) => Math.round(part + ((to[i] ?? 0) - part) * (place - low)));
  return `rgb(${mixed.join(" ")})`;
}
