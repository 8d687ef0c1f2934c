/**
 * Colours of figures, as CSS custom properties. Every use has the light colour as its fallback, so one
 * SVG is drawn in light, dark, forced colours and print.
 *
 * @module
 */

/** Cells of a heat map from worst to best: the best has the most contrast to the page. */
const HEAT_LIGHT = [
  "#f3ead7",
  "#e0e3cd",
  "#c3d8c4",
  "#9ccabe",
  "#6fb6ba",
  "#4a9bb5",
  "#2f7cab",
  "#1c5b94",
  "#0d3a6e",
];
const HEAT_DARK = [
  "#322b29",
  "#303838",
  "#2b474c",
  "#285a66",
  "#2a7083",
  "#3a8ba2",
  "#5ba9c0",
  "#8acbdc",
  "#c6eff6",
];

/** The number of steps of a heat map's colours. */
export const HEAT_STEPS = HEAT_LIGHT.length;

/**
 * Light and dark colour of each name.
 *
 * @type {Readonly<Record<string, readonly [light: string, dark: string]>>}
 */
const COLORS = {
  paper: ["#ffffff", "#161a21"],
  ink: ["#1a1f27", "#e4e8ee"],
  dim: ["#5d6673", "#95a0b0"],
  grid: ["#e1e4e9", "#2a313c"],
  axis: ["#868e99", "#6f7a8a"],
  mark: ["#1668b5", "#6bb0f5"],
  band: ["#c9ddf1", "#26415f"],
  rest: ["#868e99", "#6f7a8a"],
  failed: ["#c02a38", "#ff8e97"],
  running: ["#9a6700", "#f0b429"],
  // Borders of cells are needed where they have no colours.
  cell: ["none", "none"],
  ...Object.fromEntries(
    HEAT_LIGHT.flatMap((light, i) => {
      const dark = HEAT_DARK[i] ?? light;
      return [[`heat-${i}`, [light, dark]], [`heat-ink-${i}`, [inkOn(light), inkOn(dark)]]];
    }),
  ),
};

/**
 * Returns a colour as an attribute's value: a custom property with its fallback.
 *
 * @param {string} name
 * @returns {string}
 */
export function color(name) {
  return `var(--${name}, ${COLORS[name]?.[0] ?? "#000000"})`;
}

/**
 * Returns the colours of a step of a heat map on a dark terminal or a light one: cells have their own background.
 *
 * @param {number} step 0 for the worst
 * @returns {readonly [ink: string, background: string]}
 */
export function heatColors(step) {
  const background = HEAT_DARK[step] ?? "#000000";
  return [inkOn(background), background];
}

/**
 * Returns the contrast of two colours by WCAG 2.2, 1 to 21.
 *
 * @param {string} one `#rrggbb`
 * @param {string} other
 * @returns {number}
 */
export function contrast(one, other) {
  const [low, high] = /** @type {[number, number]} */ (
    [luminance(one), luminance(other)].sort((a, b) => a - b)
  );
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} hex @returns {number} */
function luminance(hex) {
  const [r, g, b] = /** @type {[number, number, number]} */ ([1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} hex @returns {string} */
function inkOn(hex) {
  const [dark, light] = ["#10151c", "#ffffff"];
  return contrast(hex, dark) >= contrast(hex, light) ? dark : light;
}

/**
 * Returns the style sheet of the colours: light, dark by the system or by `data-theme` of the root,
 * forced colours, and print.
 *
 * @returns {string}
 */
export function colorsCss() {
  const light = declarations(0);
  const dark = declarations(1);
  const forced = Object.keys(COLORS).map((name) => `--${name}:${forcedColor(name)}`).join(";");
  return `:root{color-scheme:light;${light}}
@media screen and (prefers-color-scheme:dark){:root:not([data-theme="light"]){color-scheme:dark;${dark}}}
@media screen{:root[data-theme="dark"]{color-scheme:dark;${dark}}}
@media (forced-colors:active){:root:root:root{${forced}}}
@media print{svg{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
}

/** @param {0 | 1} theme @returns {string} */
function declarations(theme) {
  return Object.entries(COLORS).map(([name, values]) => `--${name}:${values[theme]}`).join(";");
}

/** Cells become numbers with borders, on shades that leave them legible. @param {string} name @returns {string} */
function forcedColor(name) {
  const step = /^heat-(\d)$/.exec(name)?.[1];
  if (step !== undefined) return `color-mix(in srgb,CanvasText ${Number(step) * 4}%,Canvas)`;
  if (name === "paper") return "Canvas";
  if (name === "grid") return "color-mix(in srgb,CanvasText 25%,Canvas)";
  if (name === "band") return "color-mix(in srgb,Highlight 35%,Canvas)";
  return name === "mark" ? "Highlight" : "CanvasText";
}

/**
 * Returns an SVG that needs no style sheet: colours of the light theme, and a background.
 *
 * @param {string} svg
 * @returns {string}
 */
export function standalone(svg) {
  return svg.replace(/var\(--[\w-]+, (#\w+|none)\)/g, "$1")
    .replace(/^<svg[^>]*>/, (root) => `${root}<rect width="100%" height="100%" fill="#ffffff"/>`);
}
