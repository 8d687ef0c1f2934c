/** The shortest time between two drawings of one figure, in milliseconds. */
const PAUSE = 1000;

/**
 * A function that has a figure drawn anew: at once, then at most once a second, never two at a time, and
 * always once more after the last call.
 *
 * @param {() => Promise<void>} draw
 * @param {(error: unknown) => void} onError
 * @returns {(isUrgent?: boolean) => void} Urgent: the user asked for it.
 */
export function refresher(draw, onError) {
  let isDrawing = false;
  let isWanted = false;
  let last = -Infinity;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function run() {
    timer = undefined;
    isDrawing = true;
    isWanted = false;
    last = performance.now();
    try {
      await draw();
    } catch (error) {
      onError(error);
    }
    isDrawing = false;
    if (isWanted) later();
  }

  function later() {
    if (timer !== undefined) return;
    timer = setTimeout(run, Math.max(last + PAUSE - performance.now(), 0));
  }

  return (isUrgent = false) => {
    isWanted = true;
    if (isDrawing) return;
    if (isUrgent) {
      clearTimeout(timer);
      run();
    } else if (!document.hidden) later();
  };
}
