/** The same pieces, the first of which is there: what is wrong at the beginning is thrown now. */
export async function begun<T>(pieces: AsyncGenerator<T>): Promise<AsyncGenerator<T>> {
  const first = await pieces.next();
  async function* all(): AsyncGenerator<T> {
    if (!first.done) yield first.value;
    yield* pieces;
  }
  return all();
}
