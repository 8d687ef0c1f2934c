/** Whether an argument names an export of a module: `train.ts#train`. */
export function isExport(text: string): boolean {
  return /\.[cm]?[jt]sx?#/.test(text);
}
