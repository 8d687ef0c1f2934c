const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Returns a bar of `length` characters, filled to a share from 0 to 1. */
export function barText(share: number, length: number): string {
  const eighths = Math.floor(Math.max(0, Math.min(1, share)) * length * 8);
  return `${"█".repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8]}`.padEnd(length, "░");
}
