/** Computes for a while: `turns` of a loop that no compiler can leave out. */
export function busy({ n, turns }: { readonly n: number; readonly turns: number }): number {
  let x = n | 1;
  for (let turn = 0; turn < turns; turn++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  return x;
}
