/**
 * Returns the number of runs that are done, in the plan and outside of it.
 *
 * @param {Pick<import("../../figures/view.ts").ViewProgress, "done" | "others">} progress
 * @returns {number}
 */
export function doneRuns({ done, others }) {
  return done + others;
}
