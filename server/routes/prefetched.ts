/** Returns the same pieces, the first of them prefetched: an error at the beginning is thrown now. */
export async function prefetched<T>(pieces: AsyncGenerator<T>): Promise<AsyncIterator<T>> {
  let first: IteratorResult<T> | undefined = await pieces.next();
  return {
    async next() {
      const given = first ?? await pieces.next();
      first = undefined;
      return given;
    },
    // Not a generator: one that has not begun would not close what the pieces hold open.
    return: () => pieces.return(undefined),
  };
}
